import { matrix } from "../../../codecs/quantisers/matrix.ts";
import type { Matrix } from "../../../codecs/quantisers/Quantiser.ts";

/**
 * Vectors whose spectrum decays like that of sentence embeddings, in clusters, the same as vectors() of
 * tests/oracles/faissQuantisers.py makes: row r is Σ_j z_j A_j with z_j = (1 + j)^-0.6 (noise + cluster).
 */
export function syntheticVectors(rows: number, width: number, from = 0): Matrix {
  const basis = Float64Array.from({ length: width * width }, (_, i) => uniform(1, i));
  const out = matrix(rows, width);
  for (let r = 0; r < rows; r++) {
    const cluster = hash(2, from + r) % 40;
    for (let j = 0; j < width; j++) {
      const at = (from + r) * width + j;
      const noise = uniform(3, at) + uniform(4, at) + uniform(5, at);
      const z = (1 + j) ** -0.6 * (noise + 1.5 * uniform(6, cluster * width + j));
      for (let c = 0; c < width; c++)
        out.data[r * width + c] = (out.data[r * width + c] as number) + z * (basis[j * width + c] as number);
    }
  }
  return out;
}

/** From -1 to below 1. */
function uniform(stream: number, index: number): number {
  return hash(stream, index) / 2 ** 31 - 1;
}

/** 32 bits of a stream and an index (the finaliser of MurmurHash3). */
function hash(stream: number, index: number): number {
  let h = (Math.imul(stream, 0x9e3779b1) ^ index) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
