/**
 * Mean of item values with a cluster-robust standard error.
 *
 *   mean = Σ y_i / n,   se = √Σ_g s_g²,   low, high = mean ∓ t_{(1+level)/2, df} · se
 *
 * with the CR2 scores s_g and Satterthwaite df that clusterScores.ts derives (Bell & McCaffrey 2002; Pustejovsky &
 * Tipton 2018). With clusters of one size it is the t interval of the cluster means.
 */
import { clusterScores, standardError } from "./clusterScores.ts";
import { BEYOND_RANGE, checkLevel, type Estimate } from "./estimate.ts";
import { studentQuantile } from "./studentT.ts";

export interface ClusterMean {
  /** Number of items. */
  readonly n: number;
  readonly clusters: number;
  readonly mean: number;
  /** Standard error, in the values' unit; 0 where the cluster means differ by no more than rounding. */
  readonly se: number;
  /** Satterthwaite degrees of freedom, from 1 to clusters − 1; clusters − 1 where se is 0. */
  readonly df: number;
  readonly low: number;
  readonly high: number;
}

export interface ClusterMeanOptions {
  /** Coverage of the two-sided interval, 0 < level < 1; 0.95 unless given. */
  readonly level?: number;
}

/**
 * values: [n], finite; clusters: [n], the cluster of each item, in any order.
 * Undefined with fewer than two clusters, or where the interval is beyond the range of floats.
 * Throws RangeError for a value that is not finite, arrays of different lengths, or an impossible level.
 */
export function clusterMean(
  values: readonly number[],
  clusters: readonly string[],
  options: ClusterMeanOptions = {},
): Estimate<ClusterMean> {
  const level = options.level ?? 0.95;
  checkLevel(level);
  const scored = clusterScores(values, clusters);
  if (!scored.defined) return scored;
  const { n, unit } = scored;
  const root = standardError(scored.scores);
  const df = root === 0 ? scored.clusters - 1 : scored.df;
  const half = root === 0 ? 0 : -studentQuantile((1 - level) / 2, df) * root;
  const [mean, se] = [scored.mean * unit, root * unit];
  const [low, high] = [(scored.mean - half) * unit, (scored.mean + half) * unit];
  if (![mean, se, low, high].every(Number.isFinite)) return { defined: false, reason: BEYOND_RANGE };
  return { defined: true, n, clusters: scored.clusters, mean, se, df, low, high };
}
