/**
 * ggml's block formats as float32 (ggml-quants.c, `dequantize_row_*`). Checked against the reference
 * dequantiser of the Python package gguf (tests/oracles).
 */
import { ExpectedError } from "../../errors.ts";

/** IEEE half to number, by table: 65,536 entries, made once. */
const HALF = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    table[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return table;
})();

export function half(bytes: Uint8Array, at: number): number {
  return HALF[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
}

type Dequantizer = (bytes: Uint8Array, out: Float32Array) => void;

const f32: Dequantizer = (bytes, out) => {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
};

const f16: Dequantizer = (bytes, out) => {
  for (let i = 0; i < out.length; i++) out[i] = half(bytes, 2 * i);
};

const bf16: Dequantizer = (bytes, out) => {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < out.length; i++)
    bits[i] = ((bytes[2 * i] as number) << 16) | ((bytes[2 * i + 1] as number) << 24);
};

const q8_0: Dequantizer = (bytes, out) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let block = 0, at = 0; block < out.length; block += 32, at += 34) {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[block + i] = d * (signed[at + 2 + i] as number);
  }
};

/** Four bits an element: elements 0 to 15 of a block in the low nibbles, 16 to 31 in the high ones. */
function q4(header: number, scale: (bytes: Uint8Array, at: number) => readonly [number, number]): Dequantizer {
  return (bytes, out) => {
    for (let block = 0, at = 0; block < out.length; block += 32, at += header + 16) {
      const [d, m] = scale(bytes, at);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + header + i] as number;
        out[block + i] = d * (pair & 15) + m;
        out[block + i + 16] = d * (pair >> 4) + m;
      }
    }
  };
}

const DEQUANTIZERS: Readonly<Record<string, Dequantizer>> = {
  F32: f32,
  F16: f16,
  BF16: bf16,
  Q8_0: q8_0,
  Q4_0: q4(2, (bytes, at) => [half(bytes, at), -8 * half(bytes, at)]),
  Q4_1: q4(4, (bytes, at) => [half(bytes, at), half(bytes, at + 2)]),
};

/**
 * @param bytes whole blocks of `type`
 * @param elements how many values they hold
 * @throws ExpectedError `tensor-type-unsupported`
 */
export function dequantize(type: string, bytes: Uint8Array, elements: number): Float32Array {
  const dequantizer = DEQUANTIZERS[type];
  if (dequantizer === undefined) {
    throw new ExpectedError({
      code: "tensor-type-unsupported",
      message: `tensor type ${type} is not supported yet`,
      hint: `supported: ${Object.keys(DEQUANTIZERS).join(", ")}`,
    });
  }
  const out = new Float32Array(elements);
  dequantizer(bytes, out);
  return out;
}
