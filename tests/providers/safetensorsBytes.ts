/** Puts safetensors files together by hand, right ones and wrong ones. */

/** @param header as text, so that it can be wrong */
export function safetensorsOf(header: string | object, data: Uint8Array | number = 0): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, typeof data === "number" ? Buffer.alloc(data) : data]);
}

/** A file of float32 vectors of two elements, by name. */
export function vectors(...names: string[]): Buffer {
  const entries = names.map((name, i) => [name, { dtype: "F32", shape: [2], data_offsets: [8 * i, 8 * i + 8] }]);
  return safetensorsOf(Object.fromEntries(entries), 8 * names.length);
}
