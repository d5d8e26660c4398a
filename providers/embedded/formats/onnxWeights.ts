/**
 * Reads what an ONNX file says of its weights (onnx.proto3, IR version 3 and later): initializers and the names of nodes.
 * Protocol buffers: a key is (field << 3) | wire type; 0 is a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes.
 */

export interface OnnxTensor {
  readonly dims: readonly number[];
  /** Of signed and unsigned bytes the integers, of floats their values. */
  readonly values: Float32Array | Int8Array | Uint8Array;
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
}

export interface OnnxWeights {
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  readonly nodes: readonly OnnxNode[];
}

/** What a field holds: a number, or bytes. */
type Field = readonly [number: number, value: number | Buffer];

const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;

/** Initializers of other types than float, int8 and uint8 are left out. Throws RangeError for what is no ONNX file. */
export function readOnnxWeights(file: Buffer): OnnxWeights {
  const graph = fields(file).find(([number]) => number === 7)?.[1];
  if (!(graph instanceof Buffer)) throw new RangeError("it holds no graph");
  const tensors = new Map<string, OnnxTensor>();
  const nodes: OnnxNode[] = [];
  for (const [number, value] of fields(graph)) {
    if (!(value instanceof Buffer)) continue;
    if (number === 1) nodes.push(nodeOf(value));
    if (number !== 5) continue;
    const found = tensorOf(value);
    if (found !== null) tensors.set(found.name, found.tensor);
  }
  return { tensors, nodes };
}

function nodeOf(bytes: Buffer): OnnxNode {
  const texts = (wanted: number) =>
    fields(bytes).flatMap(([number, value]) =>
      number === wanted && value instanceof Buffer ? [value.toString()] : [],
    );
  return { name: texts(3)[0] ?? "", op: texts(4)[0] ?? "", inputs: texts(1) };
}

function tensorOf(bytes: Buffer): { readonly name: string; readonly tensor: OnnxTensor } | null {
  const all = fields(bytes);
  const of = (wanted: number) => all.filter(([number]) => number === wanted).map(([, value]) => value);
  const dims = of(1).flatMap((value) => numbers(value));
  const [type] = of(2) as number[];
  const name = String(of(8)[0] ?? "");
  const [raw] = of(9);
  if (type === undefined || ![FLOAT, UINT8, INT8].includes(type)) return null;
  const copy = raw instanceof Buffer ? Uint8Array.from(raw).buffer : null;
  const integers = () => of(5).flatMap((value) => numbers(value));
  const values =
    type === FLOAT
      ? new Float32Array(copy ?? of(4).flatMap(floats))
      : type === INT8
        ? new Int8Array(copy ?? integers())
        : new Uint8Array(copy ?? integers());
  const size = dims.reduce((product, length) => product * length, 1);
  if (values.length !== size) throw new RangeError(`${name} has ${values.length} values for [${dims.join(", ")}]`);
  return { name, tensor: { dims, values } };
}

/** A message's fields, in order. */
function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError(`a field of ${length} bytes reaches beyond its message`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) found.push([number, varint()]);
    else if (wire === 1) found.push([number, take(8)]);
    else if (wire === 2) found.push([number, take(varint())]);
    else if (wire === 5) found.push([number, take(4)]);
    else throw new RangeError(`wire type ${wire} in an ONNX file`);
  }
  return found;
}

/** Repeated integers, packed or one by one; negative ones are written in 64 bits, and become their value below 0. */
function numbers(value: number | Buffer): number[] {
  const signed = (number: number) => (number >= 2 ** 63 ? number - 2 ** 64 : number);
  if (typeof value === "number") return [signed(value)];
  // A packed list is a message without keys.
  const out: number[] = [];
  let [number, scale] = [0, 1];
  for (const byte of value) {
    number += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) {
      out.push(signed(number));
      [number, scale] = [0, 1];
    }
  }
  return out;
}

function floats(value: number | Buffer): number[] {
  if (typeof value === "number") throw new RangeError("a float is written as an integer");
  return Array.from({ length: value.length / 4 }, (_, i) => value.readFloatLE(i * 4));
}
