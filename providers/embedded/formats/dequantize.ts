/**
 * Stored tensors as float32, bit for bit as the reference dequantiser of the Python package gguf (and torch,
 * for 8-bit floats) has them (tests/oracles).
 */
import { ExpectedError } from "../../../errors.ts";
import { BLOCK_FORMATS, type BlockFormat, emptyBlock } from "./blockFormats.ts";
import { E4M3, E5M2, half } from "./smallFloats.ts";

interface StorageFormat {
  /** Elements and bytes of what is stored together. */
  readonly elements: number;
  readonly bytes: number;
  readonly read: (bytes: Uint8Array, out: Float32Array) => void;
}

function byTable(table: Float32Array): StorageFormat {
  return {
    elements: 1,
    bytes: 1,
    read: (bytes, out) => {
      for (let i = 0; i < out.length; i++) out[i] = table[bytes[i] as number] as number;
    },
  };
}

function byBlock(format: BlockFormat): StorageFormat {
  const { elements, bytes: size, group, minimum } = format;
  return {
    elements,
    bytes: size,
    read: (bytes, out) => {
      const block = emptyBlock();
      const { q, d, m } = block;
      for (let start = 0, at = 0; start < out.length; start += elements, at += size) {
        format.read(bytes, at, block);
        for (let first = 0, index = 0; first < elements; first += group, index++) {
          const scale = d[index] as number;
          if (minimum) {
            const offset = m[index] as number;
            for (let i = first; i < first + group; i++) out[start + i] = scale * (q[i] as number) + offset;
          } else {
            for (let i = first; i < first + group; i++) out[start + i] = scale * (q[i] as number);
          }
        }
      }
    },
  };
}

const FORMATS: Readonly<Record<string, StorageFormat>> = {
  F32: { elements: 1, bytes: 4, read: (bytes, out) => new Uint8Array(out.buffer).set(bytes) },
  F16: {
    elements: 1,
    bytes: 2,
    read: (bytes, out) => {
      for (let i = 0; i < out.length; i++) out[i] = half(bytes, 2 * i);
    },
  },
  /** The upper half of a float32. */
  BF16: {
    elements: 1,
    bytes: 2,
    read: (bytes, out) => {
      const bits = new Uint32Array(out.buffer);
      for (let i = 0; i < out.length; i++)
        bits[i] = ((bytes[2 * i] as number) << 16) | ((bytes[2 * i + 1] as number) << 24);
    },
  },
  F8_E4M3: byTable(E4M3),
  F8_E5M2: byTable(E5M2),
  ...Object.fromEntries(Object.entries(BLOCK_FORMATS).map(([type, format]) => [type, byBlock(format)])),
};

/**
 * @param type as ggml or safetensors spell it
 * @param bytes the stored values, whole blocks
 * @param elements how many values they hold
 * @throws ExpectedError `tensor-type-unsupported`
 */
export function dequantize(type: string, bytes: Uint8Array, elements: number): Float32Array {
  const format = FORMATS[type];
  if (format === undefined) {
    throw new ExpectedError({
      code: "tensor-type-unsupported",
      message: `tensor type ${type} is not supported`,
      hint: `supported: ${Object.keys(FORMATS).join(", ")}`,
    });
  }
  const size = (elements / format.elements) * format.bytes;
  if (elements % format.elements !== 0 || bytes.length !== size)
    throw new Error(`${elements} elements of ${type} in whole blocks are not ${bytes.length} bytes`);
  const out = new Float32Array(elements);
  format.read(bytes, out);
  return out;
}
