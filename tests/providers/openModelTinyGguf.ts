/** Writes the smallest GGUF file that the engine opens: one block of the llama architecture, seeded weights. */
import { writeFileSync } from "node:fs";

const WIDTH = 32;
const HIDDEN = 64;
const HEADS = 2;

/** Byte-level BPE's printable stand-ins of the bytes, in order (Radford et al. 2019, encoder.py). */
function byteSymbols(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}

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
function f32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return out;
}
const string = (text: string) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

/** GGUF's ids of metadata types: 4 uint32, 6 float32, 8 string, 9 array. */
const number = (key: string, value: number) => Buffer.concat([string(key), u32(4), u32(value)]);
const real = (key: string, value: number) => Buffer.concat([string(key), u32(6), f32(value)]);
const text = (key: string, value: string) => Buffer.concat([string(key), u32(8), string(value)]);
const texts = (key: string, values: string[]) =>
  Buffer.concat([string(key), u32(9), u32(8), u64(values.length), ...values.map(string)]);
const numbers = (key: string, values: number[]) =>
  Buffer.concat([string(key), u32(9), u32(4), u64(values.length), ...values.map(u32)]);

/** Matrices are Q4_1 (type 3, blocks of 32 in 20 bytes), the embedding and the norms F32 (type 0). */
export function writeTinyGguf(path: string): void {
  const tokens = [...byteSymbols(), "<|endoftext|>"];
  const metadata = [
    text("general.architecture", "llama"),
    number("llama.block_count", 1),
    number("llama.context_length", 128),
    number("llama.embedding_length", WIDTH),
    number("llama.feed_forward_length", HIDDEN),
    number("llama.attention.head_count", HEADS),
    real("llama.attention.layer_norm_rms_epsilon", 1e-5),
    text("tokenizer.ggml.model", "gpt2"),
    text("tokenizer.ggml.pre", "smollm"),
    texts("tokenizer.ggml.tokens", tokens),
    numbers(
      "tokenizer.ggml.token_type",
      tokens.map((_, id) => (id < 256 ? 1 : 3)),
    ),
    texts("tokenizer.ggml.merges", []),
    number("tokenizer.ggml.eos_token_id", 256),
  ];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const tensors: { name: string; dims: number[]; type: number; data: Buffer }[] = [];
  const plain = (name: string, dims: number[], value: () => number) => {
    const count = dims.reduce((a, b) => a * b, 1);
    tensors.push({ name, dims, type: 0, data: Buffer.concat(Array.from({ length: count }, () => f32(value()))) });
  };
  const matrix = (name: string, rows: number, columns: number) => {
    // Scale 2⁻⁵ and minimum −2⁻² as halves, then 16 bytes of nibbles.
    const block = () =>
      Buffer.from([0x00, 0x28, 0x00, 0xb4, ...Array.from({ length: 16 }, () => Math.floor(random() * 256))]);
    tensors.push({
      name,
      dims: [columns, rows],
      type: 3,
      data: Buffer.concat(Array.from({ length: (rows * columns) / 32 }, block)),
    });
  };
  plain("token_embd.weight", [WIDTH, tokens.length], () => random() - 0.5);
  plain("output_norm.weight", [WIDTH], () => 1);
  plain("blk.0.attn_norm.weight", [WIDTH], () => 1);
  plain("blk.0.ffn_norm.weight", [WIDTH], () => 1);
  for (const part of ["attn_q", "attn_k", "attn_v", "attn_output"]) matrix(`blk.0.${part}.weight`, WIDTH, WIDTH);
  matrix("blk.0.ffn_gate.weight", HIDDEN, WIDTH);
  matrix("blk.0.ffn_up.weight", HIDDEN, WIDTH);
  matrix("blk.0.ffn_down.weight", WIDTH, HIDDEN);

  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  let offset = 0;
  const entries = tensors.map(({ name, dims, type, data }) => {
    const entry = Buffer.concat([string(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)]);
    offset += pad(data).length;
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
  writeFileSync(path, Buffer.concat([pad(header), ...tensors.map(({ data }) => pad(data))]));
}
