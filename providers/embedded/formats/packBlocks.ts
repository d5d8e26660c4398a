/**
 * Keeps a quantised matrix in its blocks for ONNX Runtime's MatMulNBits, with the integers as they are.
 *
 * Its CPU kernels compute in float32 for 4 bits only, and only without zero points (the default is 8). With 8 bits
 * or with zero points every call dequantises the whole matrix first: for 4096 × 4096, 10 to 29 times as long as
 * a float32 product of 16 tokens or fewer. So integers of more than 4 bits are split, v = 16·h + l with h and l in
 * −8 … 7, into two planes of 4 bits that lie beside each other in a row, at twice the time of one:
 *
 *     x · Wᵀ = MatMulNBits([x, x], [16·d·h, d·l])
 *
 * One plane reaches v = −8 … 7, two −136 … 119. Where q does not fit, v = q − center, and center·d joins the
 * minimum m in a correction C = m + center·d:
 *
 *     x · Wᵀ = MatMulNBits(…) + s · C, with s the sums of x over the blocks
 */
import { BLOCK_FORMATS, emptyBlock } from "./blockFormats.ts";

export interface Packing {
  /** Bits of an element of a plane. */
  readonly bits: 4;
  /** Planes in a row; for two, x stands twice in the product. */
  readonly planes: 1 | 2;
  /** Elements that share a scale. */
  readonly block: 16 | 32;
  /** Whether there is a correction matrix. */
  readonly correction: boolean;
}

export interface PackedBlocks {
  /** [rows, planes · columns / block, block / 2], two neighbours a byte, the first in the low nibble, each v + 8. */
  readonly packed: Uint8Array;
  /** [rows, planes · columns / block]. */
  readonly scales: Float32Array;
  /** [columns / block, rows], or null where the product needs none. */
  readonly correction: Float32Array | null;
}

/** q − center fits the planes. Types with a minimum are centred, so that C is small where weights are. */
const PLANES: Readonly<Record<string, { readonly planes: 1 | 2; readonly center: number }>> = {
  Q4_0: { planes: 1, center: 0 },
  Q4_1: { planes: 1, center: 8 },
  Q5_0: { planes: 2, center: 0 },
  Q5_1: { planes: 2, center: 16 },
  Q8_0: { planes: 2, center: 8 },
  Q2_K: { planes: 1, center: 2 },
  Q3_K: { planes: 1, center: 0 },
  Q4_K: { planes: 1, center: 8 },
  Q5_K: { planes: 2, center: 16 },
  Q6_K: { planes: 2, center: 0 },
  IQ4_NL: { planes: 2, center: 0 },
  IQ4_XS: { planes: 2, center: 0 },
};

/** How a tensor type is packed; null for floats, which are not. */
export function packingOf(type: string): Packing | null {
  const format = BLOCK_FORMATS[type];
  const layout = PLANES[type];
  if (format === undefined || layout === undefined) return null;
  const { planes, center } = layout;
  return { bits: 4, planes, block: format.group, correction: format.minimum || center !== 0 };
}

/**
 * Packs a matrix [rows, columns] that is stored row by row in whole blocks.
 *
 * @param type one that has a packing
 */
export function packBlocks(type: string, bytes: Uint8Array, rows: number, columns: number): PackedBlocks {
  const format = BLOCK_FORMATS[type];
  const layout = PLANES[type];
  if (format === undefined || layout === undefined) throw new Error(`${type} has no blocks to pack`);
  const { elements, group, minimum } = format;
  const { planes, center } = layout;
  if (columns % elements !== 0 || bytes.length !== ((rows * columns) / elements) * format.bytes)
    throw new Error(`${bytes.length} bytes are no ${rows} × ${columns} matrix of ${type}`);

  const groups = columns / group;
  const half = group / 2;
  const packed = new Uint8Array((planes * rows * columns) / 2);
  const scales = new Float32Array(planes * rows * groups);
  const correction = minimum || center !== 0 ? new Float32Array(groups * rows) : null;
  const block = emptyBlock();
  const { q, d, m } = block;
  const offset = center - (planes === 1 ? 8 : 136);
  for (let row = 0, at = 0; row < rows; row++) {
    const high = planes * row * groups;
    const low = high + (planes - 1) * groups;
    for (let start = 0; start < groups; at += format.bytes) {
      format.read(bytes, at, block);
      for (let first = 0; first < elements; first += group, start++) {
        const scale = d[first / group] as number;
        if (correction) {
          const offsetOfGroup = minimum ? (m[first / group] as number) : 0;
          correction[start * rows + row] = offsetOfGroup + center * scale;
        }
        if (planes === 2) scales[high + start] = 16 * scale;
        scales[low + start] = scale;
        // v + 8, or v + 136 = 16·(h + 8) + (l + 8).
        for (let i = 0; i < half; i++) {
          const one = (q[first + 2 * i] as number) - offset;
          const two = (q[first + 2 * i + 1] as number) - offset;
          if (planes === 2) packed[(high + start) * half + i] = (one >> 4) | (two & 240);
          packed[(low + start) * half + i] = (one & 15) | ((two & 15) << 4);
        }
      }
    }
  }
  return { packed, scales, correction };
}
