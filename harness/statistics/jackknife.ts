/**
 * Delete-cluster jackknife: interval of any statistic, for those that resampling with duplicates would bias (CKA,
 * nearest neighbours).
 *
 *   se² = (G − 1)/G · Σ_g (θ_(g) − θ̂)²,   low, high = θ̂ ∓ t_{(1+level)/2, G−1} · se,   bias = (G − 1) (θ̄ − θ̂)
 *
 * with θ_(g) the value without cluster g and θ̄ their mean. Deviations are taken from θ̂ and not from θ̄ (for a mean
 * this is the CR3 standard error of Bell & McCaffrey 2002; MacKinnon, Nielsen & Webb 2023, J Econometrics
 * 232:272–299, (15)): never smaller, so the interval is conservative. Efron & Tibshirani 1993, An Introduction to
 * the Bootstrap, (11.5), for bias. Not for statistics that jump, such as a median.
 */
import { BEYOND_RANGE, checkLevel, type Estimate } from "./estimate.ts";
import { studentQuantile } from "./studentT.ts";

export interface Jackknife {
  readonly value: number;
  readonly clusters: number;
  readonly se: number;
  /** Estimated bias of `value`; the interval is not corrected for it. */
  readonly bias: number;
  readonly low: number;
  readonly high: number;
}

/**
 * clusters: [n], the cluster of each item; statistic: of the indices of the items that are kept, in order, null where
 * it has no value; level: two-sided coverage, 0 < level < 1.
 * Undefined with fewer than two clusters, or where the statistic has no finite value with all items or without one
 * of the clusters. Throws RangeError for an impossible level.
 */
export function jackknife(
  clusters: readonly string[],
  statistic: (items: readonly number[]) => number | null,
  level = 0.95,
): Estimate<Jackknife> {
  checkLevel(level);
  const names = [...new Set(clusters)].sort();
  const count = names.length;
  if (count < 2) return { defined: false, reason: `a jackknife needs at least 2 clusters, not ${count}` };
  const items = clusters.map((_, index) => index);
  const value = statistic(items);
  if (value === null || !Number.isFinite(value)) return { defined: false, reason: "the statistic has no finite value" };
  const differences: number[] = [];
  for (const name of names) {
    const left = statistic(items.filter((index) => clusters[index] !== name));
    if (left === null || !Number.isFinite(left)) {
      return { defined: false, reason: `without cluster ${JSON.stringify(name)} there is no finite value` };
    }
    differences.push(left - value);
  }
  // Scaled by the largest, so that no square overflows or underflows.
  const largest = differences.reduce((maximum, difference) => Math.max(maximum, Math.abs(difference)), 0);
  const squares = differences.reduce((total, difference) => total + (largest && difference / largest) ** 2, 0);
  const se = largest * Math.sqrt((squares * (count - 1)) / count);
  const bias = (count - 1) * differences.reduce((total, difference) => total + difference / count, 0);
  const half = -studentQuantile((1 - level) / 2, count - 1) * se;
  const [low, high] = [value - half, value + half];
  if (![se, bias, low, high].every(Number.isFinite)) return { defined: false, reason: BEYOND_RANGE };
  return { defined: true, value, clusters: count, se, bias, low, high };
}
