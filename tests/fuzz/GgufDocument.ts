/**
 * A GGUF file taken apart, so that each of its fields can be changed by itself, and put together again as it stands:
 * also where lengths and counts say something else than what follows.
 * Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

/** A length or count that is written in place of the true one. */
interface Declared {
  declared?: bigint;
}
export type GgufItem =
  | { type: number; bytes: Buffer }
  | ({ type: 8; text: Buffer } & Declared)
  | ({ type: 9; element: number; items: GgufItem[] } & Declared);

export interface GgufTensor {
  name: Buffer;
  /** In the order of the file: row length first. */
  dims: bigint[];
  type: number;
  offset: bigint;
  declaredDims?: number;
}

export interface GgufDocument {
  magic: string;
  version: number;
  tensorCount: bigint | null;
  entryCount: bigint | null;
  alignment: number;
  metadata: { key: Buffer; declared?: bigint; value: GgufItem }[];
  tensors: GgufTensor[];
  data: Buffer;
}

export const STRING = 8;
export const ARRAY = 9;
const SCALAR_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/** Documents that were read, and the bytes of their values: a file is taken apart once, and joined of what is as it was. */
const known = new WeakMap<Buffer, GgufDocument>();
const encoded = new WeakMap<GgufItem, Buffer>();

/** A document whose entries can be replaced; values are shared, and copied (copyItem) before they are changed. */
export function openGgufDocument(bytes: Buffer): GgufDocument {
  const document = known.get(bytes) ?? readGgufDocument(bytes);
  known.set(bytes, document);
  return {
    ...document,
    metadata: document.metadata.map((entry) => ({ ...entry })),
    tensors: document.tensors.map((tensor) => ({ ...tensor, dims: [...tensor.dims] })),
  };
}

export function copyItem(item: GgufItem): GgufItem {
  return "items" in item ? { ...item, items: item.items.map(copyItem) } : { ...item };
}

/** @param bytes a valid file of version 3, aligned to 32 bytes */
function readGgufDocument(bytes: Buffer): GgufDocument {
  let at = 0;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const u32 = () => take(4).readUInt32LE();
  const u64 = () => take(8).readBigUInt64LE();
  const text = () => take(Number(u64()));
  const item = (type: number): GgufItem => {
    if (type === STRING) return { type: STRING, text: text() };
    if (type !== ARRAY) return { type, bytes: take(SCALAR_BYTES[type] as number) };
    const element = u32();
    return { type: ARRAY, element, items: Array.from({ length: Number(u64()) }, () => item(element)) };
  };
  const magic = take(4).toString("latin1");
  const version = u32();
  const [tensors, entries] = [Number(u64()), Number(u64())];
  const metadata = Array.from({ length: entries }, () => {
    const key = text();
    const type = u32();
    const start = at;
    const value = item(type);
    encoded.set(value, bytes.subarray(start, at));
    return { key, value };
  });
  const list = Array.from({ length: tensors }, () => {
    const name = text();
    return { name, dims: Array.from({ length: u32() }, u64), type: u32(), offset: u64() };
  });
  const data = bytes.subarray(Math.ceil(at / 32) * 32);
  return { magic, version, tensorCount: null, entryCount: null, alignment: 32, metadata, tensors: list, data };
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

export function u64(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt.asUintN(64, value));
  return out;
}

const string = (text: Buffer, declared?: bigint) => [u64(declared ?? BigInt(text.length)), text];

function parts(item: GgufItem): Buffer[] {
  if ("text" in item) return string(item.text, item.declared);
  if ("items" in item) {
    return [u32(item.element), u64(item.declared ?? BigInt(item.items.length)), ...item.items.flatMap(parts)];
  }
  return [item.bytes];
}

export function writeGgufDocument(document: GgufDocument): Buffer {
  const { metadata, tensors, tensorCount, entryCount, alignment } = document;
  const header = Buffer.concat([
    Buffer.from(document.magic, "latin1"),
    u32(document.version),
    u64(tensorCount ?? BigInt(tensors.length)),
    u64(entryCount ?? BigInt(metadata.length)),
    ...metadata.flatMap(({ key, declared, value }) => [
      ...string(key, declared),
      u32(value.type),
      ...(encoded.has(value) ? [encoded.get(value) as Buffer] : parts(value)),
    ]),
    ...tensors.flatMap(({ name, dims, type, offset, declaredDims }) => [
      ...string(name),
      u32(declaredDims ?? dims.length),
      ...dims.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  const padding = Math.ceil(header.length / alignment) * alignment - header.length;
  return Buffer.concat([header, Buffer.alloc(padding), document.data]);
}
