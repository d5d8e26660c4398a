/**
 * Writes safetensors files (https://github.com/huggingface/safetensors, "Format"): an 8-byte header length, a JSON
 * header, then the tensors' bytes, little-endian, in the order given. The header is padded with spaces to 8 bytes.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

import { unwritable } from "../writeWhole.ts";

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float16Array | BigInt64Array;
}

function typeOf(data: NamedTensor["data"]): string {
  return data instanceof Float32Array ? "F32" : data instanceof BigInt64Array ? "I64" : "F16";
}

/** @param metadata strings that the header carries along. */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: typeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text = text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8), " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  const temporary = `${path}.${randomUUID()}.tmp`;
  const descriptor = openSync(temporary, "w");
  try {
    const write = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    };
    write(length);
    write(Buffer.from(text));
    for (const { data } of tensors) write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch (error) {
    closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw unwritable(path, error);
  }
  closeSync(descriptor);
  renameSync(temporary, path);
}
