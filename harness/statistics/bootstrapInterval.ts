/**
 * Percentile and BCa intervals of a function of means, whole clusters resampled. For display: both undercover for
 * skewed data and few clusters, so nothing is tested with them.
 *
 *   percentile: quantiles q and 1 − q of θ*, q = (1 − level)/2
 *   BCa: quantiles Φ(z0 + (z0 ± z_q) / (1 − a (z0 ± z_q))) of θ*, z_q = Φ⁻¹(q)
 *   z0 = Φ⁻¹(#{θ* < θ̂}/B),   a = Σ_g (θ̄ − θ_(g))³ / (6 (Σ_g (θ̄ − θ_(g))²)^1.5)
 *
 * θ* the values of the resamples (ties with θ̂ count half), θ_(g) the value without cluster g and θ̄ their mean.
 * Efron 1987, J Am Stat Assoc 82:171–185; Efron & Tibshirani 1993, An Introduction to the Bootstrap, (14.9), (14.15).
 */
import { quantileSorted } from "simple-statistics";
import type { ClusterDraws } from "./ClusterResampler.ts";
import { clusterSums } from "./clusterSums.ts";
import { BEYOND_RANGE, checkLevel, type Estimate } from "./estimate.ts";
import { normalQuantile } from "./normalQuantile.ts";
import { normalUpperTail } from "./normalTail.ts";

interface Range {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapInterval {
  readonly value: number;
  readonly percentile: Range;
  /** Undefined where the resamples lie all on one side of the value, or the acceleration puts an end out of reach. */
  readonly bca: Estimate<Range>;
  readonly resamples: number;
}

/** A function of the columns' means; null where it has no value. Smooth, or the intervals are not to be trusted. */
export type OfMeans = (means: Float64Array) => number | null;

/**
 * columns: [columns, n], finite; clusters: [n]; statistic: of [columns] means over the items of a resample, e.g. a
 * score with the best floor chosen again. Undefined with fewer than two clusters, or where the sample, a resample or
 * a sample without one cluster has no finite value.
 * Throws RangeError for a value that is not finite, arrays of different lengths, no columns or an impossible level.
 */
export function bootstrapInterval(
  columns: readonly (readonly number[])[],
  clusters: readonly string[],
  statistic: OfMeans,
  resampler: ClusterDraws,
  level = 0.95,
): Estimate<BootstrapInterval> {
  checkLevel(level);
  const sums = columns.map((values) => clusterSums(values, clusters));
  const sizes = sums[0]?.sizes;
  if (sizes === undefined) throw new RangeError("an interval needs at least one column of values");
  const count = sizes.length;
  if (count < 2) return { defined: false, reason: `an interval needs at least 2 clusters, not ${count}` };

  const means = new Float64Array(columns.length);
  /** The statistic's value where cluster g has the weight weights[g]; NaN, inside this function, for none. */
  const at = (weights: Uint16Array): number => {
    let items = 0;
    for (let g = 0; g < count; g++) items += (weights[g] as number) * (sizes[g] as number);
    for (const [column, { residuals, mean, unit }] of sums.entries()) {
      let residual = 0;
      for (let g = 0; g < count; g++) residual += (weights[g] as number) * (residuals[g] as number);
      means[column] = (mean + residual / items) * unit;
    }
    const value = statistic(means);
    return value === null || !Number.isFinite(value) ? Number.NaN : value;
  };

  const weights = new Uint16Array(count).fill(1);
  const value = at(weights);
  if (Number.isNaN(value)) return { defined: false, reason: "the statistic has no finite value" };
  const { resamples } = resampler;
  const draws = resampler.draws(count);
  const resampled = Float64Array.from({ length: resamples }, (_, i) => at(draws.subarray(i * count, (i + 1) * count)));
  const missing = resampled.filter(Number.isNaN).length;
  if (missing > 0)
    return { defined: false, reason: `in ${missing} of ${resamples} resamples there is no finite value` };
  const left = Array.from(weights, (_, g) => at(weights.with(g, 0)));
  if (left.some(Number.isNaN))
    return { defined: false, reason: "without one of the clusters there is no finite value" };

  // simple-statistics reads by index only, which typed arrays allow too.
  const sorted = resampled.sort() as unknown as number[];
  const q = (1 - level) / 2;
  const percentile = { low: quantileSorted(sorted, q), high: quantileSorted(sorted, 1 - q) };
  if (!Number.isFinite(percentile.low + percentile.high)) return { defined: false, reason: BEYOND_RANGE };
  return { defined: true, value, percentile, bca: accelerated(sorted, value, left, q), resamples };
}

function accelerated(sorted: number[], value: number, left: readonly number[], q: number): BootstrapInterval["bca"] {
  let below = 0;
  for (const other of sorted) below += other < value ? 1 : other === value ? 0.5 : 0;
  const z0 = normalQuantile(below / sorted.length);
  if (!Number.isFinite(z0)) return { defined: false, reason: "all resamples lie on one side of the value" };
  const a = acceleration(left);
  const quantile = (z: number): number | null => {
    const denominator = 1 - a * (z0 + z);
    return denominator > 0 ? quantileSorted(sorted, normalUpperTail(-(z0 + (z0 + z) / denominator))) : null;
  };
  const [low, high] = [quantile(normalQuantile(q)), quantile(-normalQuantile(q))];
  if (low === null || high === null) {
    return { defined: false, reason: "one cluster decides so much that the acceleration leaves no interval" };
  }
  return { defined: true, low, high };
}

/** Jackknife acceleration; 0 where leaving a cluster out changes nothing. */
function acceleration(left: readonly number[]): number {
  const scale = left.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const centre = left.reduce((total, value) => total + value / scale, 0) / left.length;
  let [squares, cubes] = [0, 0];
  for (const value of left) {
    const influence = centre - value / scale;
    squares += influence ** 2;
    cubes += influence ** 3;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
}
