/** Stored tensors and their values as the reference dequantisers have them (tests/oracles/quants.py). */
import { fixture } from "./oracle.ts";

interface StoredCase {
  readonly type: string;
  readonly blocks: number;
  readonly blockBytes: number;
  readonly blockElements: number;
  readonly bytes: string;
  readonly values: string;
}

export interface QuantCase {
  readonly blockBytes: number;
  readonly blockElements: number;
  /** Of even blocks, the scales are those of ordinary weights; of odd ones, any finite halves. */
  readonly bytes: Uint8Array;
  readonly values: Float32Array;
}

/** A copy, so that the bytes begin where their buffer does. */
const decoded = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));

export const quantCases: ReadonlyMap<string, QuantCase> = new Map(
  fixture<{ readonly cases: readonly StoredCase[] }>("quants.json").cases.map((item) => {
    const { type, blockBytes, blockElements } = item;
    const values = new Float32Array(decoded(item.values).buffer);
    if (values.length !== item.blocks * blockElements) throw new Error(`${type} has ${values.length} values`);
    return [type, { blockBytes, blockElements, bytes: decoded(item.bytes), values }];
  }),
);

export function quantCase(type: string): QuantCase {
  const found = quantCases.get(type);
  if (found === undefined) throw new Error(`no case of ${type}`);
  return found;
}
