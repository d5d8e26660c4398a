/** Zip archives and ONNX files made by hand, by the formats' own descriptions. */
import { crc32, deflateRawSync } from "node:zlib";

/** A zip archive of these files, deflated, with a comment at its end. */
export function zipOf(files: Readonly<Record<string, Buffer>>, { stored = false } = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = stored ? content : deflateRawSync(content);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(stored ? 0 : 8, 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    // An extra field of 4 bytes in the local header only.
    const extra = Buffer.from([1, 0, 0, 0]);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), shared, Buffer.from(name), extra, packed]);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02");
    entry.writeUInt16LE(20, 4);
    shared.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    locals.push(local);
    central.push(entry, Buffer.from(name));
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(5, 20);
  return Buffer.concat([...locals, directory, end, Buffer.from("hello")]);
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const number = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, value: Buffer | string) => {
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};

type Values = Float32Array | Int8Array | Uint8Array;
const TYPES = new Map<unknown, number>([
  [Float32Array, 1],
  [Uint8Array, 2],
  [Int8Array, 3],
]);

/** A TensorProto: raw bytes, or with `typed` the list that belongs to the type. */
export function onnxTensor(name: string, dims: readonly number[], values: Values, typed = false): Buffer {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const list =
    values instanceof Float32Array
      ? bytes(4, raw)
      : bytes(5, Buffer.from([...values].flatMap((value) => varint(value))));
  return Buffer.concat([
    ...dims.map((length) => number(1, length)),
    number(2, TYPES.get(values.constructor) as number),
    bytes(8, name),
    typed ? list : bytes(9, raw),
  ]);
}

export function onnxNode(op: string, name: string, inputs: readonly string[]): Buffer {
  return Buffer.concat([...inputs.map((input) => bytes(1, input)), bytes(2, "out"), bytes(3, name), bytes(4, op)]);
}

/** A ModelProto of these nodes and initializers. */
export function onnxFile(nodes: readonly Buffer[], tensors: readonly Buffer[]): Buffer {
  const graph = Buffer.concat([...nodes.map((node) => bytes(1, node)), ...tensors.map((tensor) => bytes(5, tensor))]);
  return Buffer.concat([number(1, 8), bytes(2, "by hand"), bytes(7, graph)]);
}
