/**
 * The bytes of an ONNX model file (protocol buffers, IR version 10), for the few message types that the
 * engine's graphs need. Field numbers are those of onnx.proto (https://github.com/onnx/onnx, onnx/onnx.proto).
 *
 * Written here because the one npm package that does this (onnx-proto) is bound to protobufjs 6; the subset
 * takes fewer lines than its adapter would.
 */

/** Element types of TensorProto.DataType. */
export const DataType = { float: 1, uint8: 2, int32: 6, int64: 7 } as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A graph input or output. A dimension is a fixed size, or a name for one that is only known at run time. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

/** A constant: its bytes inline, or a stretch of a file beside the model. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly data: Uint8Array | { readonly file: string; readonly offset: number; readonly length: number };
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly initializers: readonly OnnxInitializer[];
}

const OPERATOR_SETS = [
  { domain: "", version: 21 },
  { domain: "com.microsoft", version: 1 },
];

class Message {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  private push(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.length += bytes.length;
  }

  private static varint(value: bigint): Uint8Array {
    let rest = BigInt.asUintN(64, value);
    const out: number[] = [];
    while (rest > 0x7fn) {
      out.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    out.push(Number(rest));
    return Uint8Array.from(out);
  }

  int(field: number, value: number | bigint): this {
    this.push(Message.varint(BigInt(field) << 3n));
    this.push(Message.varint(BigInt(value)));
    return this;
  }

  float(field: number, value: number): this {
    this.push(Message.varint((BigInt(field) << 3n) | 5n));
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.push(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array | string | Message): this {
    const body =
      value instanceof Message ? value.finish() : typeof value === "string" ? new TextEncoder().encode(value) : value;
    this.push(Message.varint((BigInt(field) << 3n) | 2n));
    this.push(Message.varint(BigInt(body.length)));
    this.push(body);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function attribute(name: string, value: AttributeValue): Message {
  const message = new Message().bytes(1, name);
  if (typeof value === "string") return message.bytes(4, value).int(20, 3);
  if (typeof value === "number") return message.int(3, value).int(20, 2);
  if ("float" in value) return message.float(2, value.float).int(20, 1);
  for (const item of value) message.int(8, item);
  return message.int(20, 7);
}

function node(value: OnnxNode): Message {
  const message = new Message();
  for (const name of value.inputs) message.bytes(1, name);
  for (const name of value.outputs) message.bytes(2, name);
  message.bytes(3, value.outputs[0] ?? "").bytes(4, value.op);
  for (const [name, item] of Object.entries(value.attributes ?? {})) message.bytes(5, attribute(name, item));
  return value.domain ? message.bytes(7, value.domain) : message;
}

function valueInfo(value: OnnxValueInfo): Message {
  const shape = new Message();
  for (const dimension of value.shape) {
    const field = new Message();
    if (typeof dimension === "number") field.int(1, dimension);
    else field.bytes(2, dimension);
    shape.bytes(1, field);
  }
  const tensor = new Message().int(1, value.type).bytes(2, shape);
  return new Message().bytes(1, value.name).bytes(2, new Message().bytes(1, tensor));
}

function initializer(value: OnnxInitializer): Message {
  const message = new Message();
  for (const dimension of value.shape) message.int(1, dimension);
  message.int(2, value.type).bytes(8, value.name);
  if (value.data instanceof Uint8Array) return message.bytes(9, value.data);
  const { file, offset, length } = value.data;
  for (const [key, text] of Object.entries({ location: file, offset: String(offset), length: String(length) })) {
    message.bytes(13, new Message().bytes(1, key).bytes(2, text));
  }
  return message.int(14, 1);
}

/** Encodes a model. Throws nothing; that the graph is well formed is for the runtime to say when it opens it. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  const graph = new Message();
  for (const item of model.nodes) graph.bytes(1, node(item));
  graph.bytes(2, "isoglyph");
  for (const item of model.initializers) graph.bytes(5, initializer(item));
  for (const item of model.inputs) graph.bytes(11, valueInfo(item));
  for (const item of model.outputs) graph.bytes(12, valueInfo(item));
  const message = new Message().int(1, 10).bytes(2, "isoglyph").bytes(7, graph);
  for (const set of OPERATOR_SETS) message.bytes(8, new Message().bytes(1, set.domain).int(2, set.version));
  return message.finish();
}
