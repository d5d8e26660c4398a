/** Writes a GGUF file of any size in seconds: a Qwen2 of random weights, in the mix of types of a Q4_K_M file. */
import { closeSync, openSync, renameSync, writeSync } from "node:fs";

export interface Shape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly hidden: number;
  readonly vocabulary: number;
}

/** Qwen2-7B (arXiv 2407.10671, table 1). */
export const QWEN2_7B: Shape = {
  layers: 28,
  width: 3584,
  heads: 28,
  keyValueHeads: 4,
  hidden: 18944,
  vocabulary: 152064,
};

/** ggml's type ids, elements and bytes of a block. */
const TYPES = {
  F32: { id: 0, elements: 1, bytes: 4 },
  Q4_K: { id: 12, elements: 256, bytes: 144 },
  Q6_K: { id: 14, elements: 256, bytes: 210 },
} as const;
type Type = keyof typeof TYPES;

/** Random blocks are made once and written again and again; a prime number of them, so that rows differ. */
const POOL_BLOCKS = 40_009;
/** Each tensor begins with another block: ONNX Runtime keeps equal matrices once. */
const STRIDE = 7919;

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
function u64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}
const float = (value: number) => Buffer.from(Float32Array.of(value).buffer);
const half = (value: number) => Buffer.from(Float16Array.of(value).buffer);
const string = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** GGUF's ids of metadata types: 4 uint32, 6 float32, 8 string, 9 array. */
const number = (key: string, value: number) => Buffer.concat([string(key), u32(4), u32(value)]);
const real = (key: string, value: number) => Buffer.concat([string(key), u32(6), float(value)]);
const text = (key: string, value: string) => Buffer.concat([string(key), u32(8), string(value)]);
const texts = (key: string, values: readonly string[]) =>
  Buffer.concat([string(key), u32(9), u32(8), u64(values.length), ...values.map(string)]);

/** Byte-level BPE's printable stand-ins of the bytes (Radford et al. 2019, encoder.py), then made-up tokens. */
function tokens(count: number): string[] {
  let next = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
  return [...bytes, ...Array.from({ length: count - 256 }, (_, i) => `token${i}`)];
}

/** Blocks whose weights have a deviation of about 0.017, as a matrix of 3,584 columns has. */
function pool(type: Type): Buffer {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  if (type === "F32")
    return Buffer.concat(Array.from({ length: POOL_BLOCKS }, () => float(1 + (random() - 128) / 2560)));
  const { bytes } = TYPES[type];
  const out = Buffer.from(Array.from({ length: POOL_BLOCKS * bytes }, random));
  for (let at = 0; at < out.length; at += bytes) {
    if (type === "Q4_K") {
      // Scale and minimum: 7.5 steps above the minimum is the middle.
      half(1.1e-4).copy(out, at);
      half(7.5 * 1.1e-4).copy(out, at + 2);
    } else half(1.2e-5).copy(out, at + 208);
  }
  return out;
}

export function writeRandomGguf(path: string, shape: Shape): void {
  const { layers, width, heads, keyValueHeads, hidden, vocabulary } = shape;
  const metadata = [
    text("general.architecture", "qwen2"),
    number("qwen2.block_count", layers),
    number("qwen2.context_length", 32768),
    number("qwen2.embedding_length", width),
    number("qwen2.feed_forward_length", hidden),
    number("qwen2.attention.head_count", heads),
    number("qwen2.attention.head_count_kv", keyValueHeads),
    real("qwen2.attention.layer_norm_rms_epsilon", 1e-6),
    real("qwen2.rope.freq_base", 1e6),
    text("tokenizer.ggml.model", "gpt2"),
    text("tokenizer.ggml.pre", "qwen2"),
    texts("tokenizer.ggml.tokens", tokens(vocabulary)),
    texts("tokenizer.ggml.merges", []),
    number("tokenizer.ggml.eos_token_id", vocabulary - 1),
  ];
  const tensors: { name: string; dims: number[]; type: Type }[] = [];
  const add = (name: string, type: Type, ...dims: number[]) => tensors.push({ name, dims, type });
  add("token_embd.weight", "Q4_K", width, vocabulary);
  const small = (width / heads) * keyValueHeads;
  for (let layer = 0; layer < layers; layer++) {
    const block = (part: string, type: Type, ...dims: number[]) => add(`blk.${layer}.${part}`, type, ...dims);
    // Every other block, as in Q4_K_M on average.
    const finer = layer % 2 === 0 ? "Q6_K" : "Q4_K";
    block("attn_norm.weight", "F32", width);
    block("attn_q.weight", "Q4_K", width, width);
    block("attn_q.bias", "F32", width);
    block("attn_k.weight", "Q4_K", width, small);
    block("attn_k.bias", "F32", small);
    block("attn_v.weight", finer, width, small);
    block("attn_v.bias", "F32", small);
    block("attn_output.weight", "Q4_K", width, width);
    block("ffn_norm.weight", "F32", width);
    block("ffn_gate.weight", "Q4_K", width, hidden);
    block("ffn_up.weight", "Q4_K", width, hidden);
    block("ffn_down.weight", finer, hidden, width);
  }
  add("output_norm.weight", "F32", width);
  add("output.weight", "Q6_K", width, vocabulary);

  const bytesOf = ({ dims, type }: (typeof tensors)[number]) =>
    (dims.reduce((a, b) => a * b, 1) / TYPES[type].elements) * TYPES[type].bytes;
  const padding = (bytes: number) => (32 - (bytes % 32)) % 32;
  let offset = 0;
  const entries = tensors.map((tensor) => {
    const { name, dims, type } = tensor;
    const entry = Buffer.concat([string(name), u32(dims.length), ...dims.map(u64), u32(TYPES[type].id), u64(offset)]);
    offset += bytesOf(tensor) + padding(bytesOf(tensor));
    return entry;
  });
  const header = Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(metadata.length),
    ...metadata,
    ...entries,
  ]);
  const pools = { F32: pool("F32"), Q4_K: pool("Q4_K"), Q6_K: pool("Q6_K") };
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  };
  write(header);
  write(Buffer.alloc(padding(header.length)));
  tensors.forEach((tensor, index) => {
    const bytes = bytesOf(tensor);
    const from = pools[tensor.type];
    let start = ((index * STRIDE) % POOL_BLOCKS) * TYPES[tensor.type].bytes;
    for (let done = 0; done < bytes; start = 0) {
      const part = from.subarray(start, start + bytes - done);
      write(part);
      done += part.length;
    }
    write(Buffer.alloc(padding(bytes)));
  });
  closeSync(file);
  renameSync(temporary, path);
}
