/** Item values summed within clusters: all that resampling whole clusters needs to know about a mean. */
import { sum } from "simple-statistics";

export interface ClusterSums {
  /** Number of items. */
  readonly n: number;
  /** The power of two that `mean` and `residuals` are multiples of: squares of neither overflow nor underflow. */
  readonly unit: number;
  /** The mean of the items, in units; 0 without items. */
  readonly mean: number;
  /** Σ (y_i − mean) over each cluster's items, in units; clusters in order of their names. */
  readonly residuals: Float64Array;
  /** Items of each cluster, in the same order. */
  readonly sizes: Float64Array;
}

/**
 * values: [n]; clusters: [n], the cluster of each item, in any order.
 * Throws RangeError for a value that is not finite or arrays of different lengths.
 */
export function clusterSums(values: readonly number[], clusters: readonly string[]): ClusterSums {
  const n = values.length;
  if (clusters.length !== n) throw new RangeError(`${n} values but ${clusters.length} cluster labels`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`value ${bad} of a mean is ${values[bad]}`);

  // Differences from the first value: equal values then have residuals of exactly 0.
  const unit = powerOfTwo(values);
  const first = (values[0] ?? 0) / unit;
  const differences = values.map((value) => value / unit - first);
  const shift = n === 0 ? 0 : sum(differences) / n;
  const groups = new Map<string, number[]>();
  for (const [index, difference] of differences.entries()) {
    const label = clusters[index] as string;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [difference - shift]);
    else group.push(difference - shift);
  }
  const ordered = [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
  return {
    n,
    unit,
    mean: first + shift,
    residuals: Float64Array.from(ordered, (group) => sum(group)),
    sizes: Float64Array.from(ordered, (group) => group.length),
  };
}

/** The largest power of two not above the largest magnitude; 1 where all values are 0. */
function powerOfTwo(values: readonly number[]): number {
  const largest = values.reduce((maximum, value) => Math.max(maximum, Math.abs(value)), 0);
  // floor(log2) may be one too high just below a power of two, which does no harm; 2^1024 would.
  return largest === 0 ? 1 : 2 ** Math.min(1023, Math.floor(Math.log2(largest)));
}
