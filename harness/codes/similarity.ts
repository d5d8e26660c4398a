import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { centredCosine } from "../vectors.ts";

export interface MeanInterval {
  readonly value: number;
  /** 95 %, by t over clusters; null where the mean cannot be given one. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Similarity {
  readonly raw: MeanInterval;
  /** After the training vectors' mean is taken from both: an answer that is the same for all scores 0. */
  readonly centred: MeanInterval;
}

/**
 * Cosines of decoded vectors with the own ones. A decoded vector without a direction (the mean itself, or zeros) points
 * nowhere: it counts as 0.
 * @param clusters of the rows, for the intervals
 */
export function similarity(
  decoded: Matrix,
  own: Matrix,
  centre: Float32Array,
  clusters: readonly string[],
): Similarity {
  const origin = new Float32Array(own.width);
  const mean = (from: Float32Array): MeanInterval => {
    const cosines = Array.from({ length: own.rows }, (_, i) => directedCosine(rowOf(decoded, i), rowOf(own, i), from));
    return meanInterval(cosines, clusters);
  };
  return { raw: mean(origin), centred: mean(centre) };
}

/** The mean of values with its 95 % t interval over clusters. */
export function meanInterval(values: readonly number[], clusters: readonly string[]): MeanInterval {
  const estimate = clusterMean(values, clusters);
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  return estimate.defined ? { value, low: estimate.low, high: estimate.high } : { value, low: null, high: null };
}

/** Below this length, relative to the other vector's, what is left after centring is rounding. */
const NOWHERE = 1e-5;

function directedCosine(decoded: Float32Array, own: Float32Array, centre: Float32Array): number {
  const [length, scale] = [distance(decoded, centre), distance(own, centre)];
  return length <= NOWHERE * scale ? 0 : (centredCosine(decoded, own, centre) ?? 0);
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2;
  return Math.sqrt(sum);
}

export function rowOf({ data, width }: Matrix, row: number): Float32Array {
  return data.subarray(row * width, (row + 1) * width);
}

export function meanRow({ data, rows, width }: Matrix): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) sums[i % width] = (sums[i % width] as number) + (data[i] as number);
  return Float32Array.from(sums, (sum) => sum / rows);
}
