/** Block formats against the reference dequantiser of the Python package gguf (tests/oracles/quants.py). */
import { describe, expect, it } from "vitest";
import { dequantize, half } from "../../../providers/embedded/dequantize.ts";
import { isPackable, packBlocks } from "../../../providers/embedded/weights.ts";
import { absoluteError, fixture } from "./oracle.ts";

interface QuantCase {
  readonly type: string;
  readonly blocks: number;
  readonly blockBytes: number;
  readonly blockElements: number;
  readonly bytes: string;
  readonly values: string;
}
const { cases } = fixture<{ readonly cases: readonly QuantCase[] }>("quants.json");
const of = (type: string) => cases.find((item) => item.type === type) as QuantCase;
/** A copy, so that the bytes begin where their buffer does. */
const decoded = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));
const bytesOf = (type: string) => decoded(of(type).bytes);
const valuesOf = (type: string) => new Float32Array(decoded(of(type).values).buffer);

describe("dequantize", () => {
  it.each(["F16", "Q8_0", "Q4_0", "Q4_1"])("%s equals the reference", (type) => {
    const expected = valuesOf(type);
    expect(expected.length).toBe(of(type).blocks * of(type).blockElements);
    expect(absoluteError(dequantize(type, bytesOf(type), expected.length), expected)).toBe(0);
  });

  it.each(["F16", "Q8_0", "Q4_0", "Q4_1"])("%s may begin anywhere in a buffer", (type) => {
    const bytes = bytesOf(type);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const expected = valuesOf(type);
    expect(absoluteError(dequantize(type, shifted.subarray(1), expected.length), expected)).toBe(0);
  });

  it("reads F32 and BF16", () => {
    const values = Float32Array.of(1, -2.5, 0, 3e38);
    expect(dequantize("F32", new Uint8Array(values.buffer), 4)).toEqual(values);
    // bfloat16 is the upper half of a float32: 1 is 0x3f80, −2.5 is 0xc020.
    expect(dequantize("BF16", Uint8Array.of(0x80, 0x3f, 0x20, 0xc0), 2)).toEqual(Float32Array.of(1, -2.5));
  });

  it("refuses Q6_K, which the file format knows and the engine not yet", () => {
    const expected = expect.objectContaining({
      name: "ExpectedError",
      code: "tensor-type-unsupported",
      message: expect.stringContaining("Q6_K"),
      hint: expect.stringContaining("Q4_1"),
    });
    expect(() => dequantize("Q6_K", bytesOf("Q6_K"), 256)).toThrow(expected);
  });

  it("reads halves: zeros, subnormals, the largest, infinity", () => {
    const cases = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e00, Number.NaN],
    ] as const;
    for (const [bits, value] of cases) expect(half(Uint8Array.of(9, bits & 255, bits >> 8), 1)).toBe(value);
  });
});

describe("packBlocks", () => {
  /** What MatMulNBits and the correction compute: pairs of neighbours in a byte, zero point 8. */
  function unpack(
    { packed, scales, correction }: ReturnType<typeof packBlocks>,
    rows: number,
    columns: number,
  ): Float32Array {
    const perRow = columns / 32;
    return Float32Array.from({ length: rows * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const block = row * perRow + Math.floor(column / 32);
      const pair = packed[block * 16 + ((column % 32) >> 1)] as number;
      const quant = column % 2 === 0 ? pair & 15 : pair >> 4;
      const shift = correction === null ? 0 : (correction[Math.floor(column / 32) * rows + row] as number);
      return (scales[block] as number) * (quant - 8) + shift;
    });
  }

  it.each([
    ["Q4_0", 64, 32],
    ["Q4_0", 4, 512],
    ["Q4_1", 64, 32],
    ["Q4_1", 2, 1024],
    ["Q4_1", 16, 128],
  ] as const)("%s keeps a matrix of %d × %d", (type, rows, columns) => {
    expect(isPackable(type)).toBe(true);
    const packed = packBlocks(type, bytesOf(type), rows, columns);
    expect(packed.correction === null).toBe(type === "Q4_0");
    const expected = valuesOf(type);
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    // (q − 8)·d + (m + 8d) rounds where q·d + m does not.
    expect(absoluteError(unpack(packed, rows, columns), expected)).toBeLessThanOrEqual(
      type === "Q4_0" ? 0 : 1e-6 * largest,
    );
  });

  it.each(["F32", "F16", "Q8_0", "Q6_K", "Q5_1"])("is not for %s", (type) => {
    expect(isPackable(type)).toBe(false);
  });
});
