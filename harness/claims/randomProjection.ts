/** The claims on random vectors: all of it is arithmetic, drawn from Java's generator as published. */
import { gaussianMatrix } from "../../codecs/gaussianProjection.ts";
import { JavaRandom } from "../../codecs/javaRandom.ts";
import { type MeanInterval, meanInterval } from "../codes/similarity.ts";
import type { MeasuredClaims } from "./ClaimContext.ts";

const WIDTH = 128;
const SYMBOLS = 16;
const PUBLISHED_SEED = 42;

/** The published demonstration: v uniform in [0, 1)^128 and then W, from one generator; the unquantised z is decoded. */
export function demonstration(seed: number): { readonly vector: Float64Array; readonly decoded: Float64Array } {
  const random = new JavaRandom(seed);
  const vector = Float64Array.from({ length: WIDTH }, () => random.nextDouble());
  return { vector, decoded: projectedBack(vector, gaussianMatrix(random, SYMBOLS, WIDTH)) };
}

/** Wᵀ(Wv)/m for the m rows of W. */
export function projectedBack(vector: ArrayLike<number>, rows: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vector.length);
  for (const row of rows) {
    let z = 0;
    for (let k = 0; k < row.length; k++) z += (row[k] as number) * (vector[k] as number);
    for (let k = 0; k < row.length; k++) out[k] = (out[k] as number) + ((row[k] as number) * z) / rows.length;
  }
  return out;
}

export function measureRandomProjection(seeds: number): MeasuredClaims {
  const runs = Array.from({ length: seeds }, (_, seed) => demonstration(seed));
  const apart = runs.map((_, i) => String(i));
  const mean = (cosines: readonly number[]): MeanInterval => meanInterval(cosines, apart);
  const decoded = mean(runs.map(({ vector, decoded }) => cosine(vector, decoded)));
  const ones = new Float64Array(WIDTH).fill(1);
  const constant = mean(runs.map(({ vector }) => cosine(vector, ones)));
  const { vector, decoded: published } = demonstration(PUBLISHED_SEED);
  const perfect = { value: 1, low: null, high: null };
  return {
    "random-projection.cosine": { n: seeds, ...decoded, floor: constant, ceiling: perfect },
    "random-projection.seed-42": { n: 1, value: cosine(vector, published), low: null, high: null },
    "random-projection.theory": { n: seeds, ...decoded },
    "random-projection.constant": { n: seeds, ...constant },
  };
}

function cosine(a: Float64Array, b: Float64Array): number {
  let [product, first, second] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k] as number, b[k] as number];
    product += x * y;
    first += x * x;
    second += y * y;
  }
  return product / Math.sqrt(first * second);
}
