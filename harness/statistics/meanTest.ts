/**
 * One-sided test of mean ≤ 0 against mean > 0, clusters being the unit.
 *
 *   t = mean / se,   p = P(T_df > t)
 *
 * with mean, CR2 standard error and Satterthwaite df of clusterMean (Pustejovsky & Tipton 2018, section 3). The
 * mean is significantly below 0 at one-sided α where `high`, at level 1 − 2α, is below 0.
 */
import { type ClusterMean, type ClusterMeanOptions, clusterMean } from "./clusterMean.ts";
import type { Estimate } from "./estimate.ts";
import { studentUpperTail } from "./studentT.ts";

export interface MeanTest extends ClusterMean {
  /** mean / se; where se is 0: ±Infinity, or 0 for a mean of 0. */
  readonly t: number;
  /** One-sided p-value, 0 to 1. */
  readonly p: number;
  /** se is exactly 0, so that p (0, 0.5 or 1) says nothing about chance: the caller decides what it is worth. */
  readonly degenerate: boolean;
}

/** Shapes, undefined results and errors as in clusterMean. */
export function meanTest(
  values: readonly number[],
  clusters: readonly string[],
  options: ClusterMeanOptions = {},
): Estimate<MeanTest> {
  const estimate = clusterMean(values, clusters, options);
  if (!estimate.defined) return estimate;
  const degenerate = estimate.se === 0;
  const sign = Math.sign(estimate.mean);
  if (degenerate) return { ...estimate, t: sign === 0 ? 0 : sign * Infinity, p: (1 - sign) / 2, degenerate };
  const t = estimate.mean / estimate.se;
  return { ...estimate, t, p: studentUpperTail(t, estimate.df), degenerate };
}
