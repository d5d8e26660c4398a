/**
 * Cluster scores of a mean: what clusterMean, meanTest and clusterRatio share.
 *
 * Model: y = 1·μ + e by ordinary least squares, n items in clusters of n_g items, h_g = n_g / n, r = y − ȳ.
 * CR2 (Bell & McCaffrey 2002, Survey Methodology 28(2):169–181): the residuals of a cluster are multiplied by
 * A_g = (I − H_gg)^(−1/2), H_gg = 11ᵀ/n. The vector 1 is an eigenvector of I − H_gg with eigenvalue 1 − h_g, so
 * only the residual sum of the cluster matters, and
 *
 *   s_g = Σ_{i∈g} r_i / (n √(1 − h_g)),     Var(ȳ) = Σ_g s_g²,     Cov(ȳ, z̄) = Σ_g s_g(y) s_g(z).
 *
 * Satterthwaite degrees of freedom (Pustejovsky & Tipton 2018, J Bus Econ Stat 36(4):672–683) under the working
 * covariance I: Var(ȳ) = Σ_g (p_gᵀ y)² with p_g = (I − H) 1_g / (n √(1 − h_g)), whose Gram matrix is
 *
 *   P_gk = p_gᵀ p_k = (h_g [g = k] − h_g h_k) / (n √((1 − h_g)(1 − h_k))).
 *
 * tr P = 1/n (CR2 is unbiased under the working model), and df = (tr P)² / tr P² has the closed form
 *
 *   df = 1 / (Σ_g h_g² + Σ_{g≠k} b_g b_k),     b_g = h_g² / (1 − h_g).
 *
 * It depends on the cluster sizes alone; 1 ≤ df ≤ G − 1 for G clusters, and G − 1 exactly where they are equal.
 */
import { clusterSums } from "./clusterSums.ts";
import type { Estimate } from "./estimate.ts";

export interface ClusterScores {
  /** Number of items. */
  readonly n: number;
  readonly clusters: number;
  /** Satterthwaite degrees of freedom. */
  readonly df: number;
  /** The power of two that `mean` and `scores` are multiples of: squares of neither overflow nor underflow. */
  readonly unit: number;
  /** The mean, in units. */
  readonly mean: number;
  /** s_g, in units, clusters in order of their names. All 0 where the mean doesn't vary. */
  readonly scores: readonly number[];
}

/**
 * values: [n]; clusters: [n], the cluster of each item. Undefined with fewer than two clusters.
 * Throws RangeError for a value that is not finite or arrays of different lengths.
 */
export function clusterScores(values: readonly number[], clusters: readonly string[]): Estimate<ClusterScores> {
  const { n, unit, mean, residuals, sizes } = clusterSums(values, clusters);
  if (sizes.length < 2) {
    return { defined: false, reason: `a standard error needs at least 2 clusters, not ${sizes.length}` };
  }
  const scores = Array.from(residuals, (residual, g) => residual / Math.sqrt(n * (n - (sizes[g] as number))));
  // Cluster means that differ by less than the values' own rounding do not differ.
  const constant = standardError(scores) <= 4 * Number.EPSILON;
  return {
    defined: true,
    n,
    clusters: sizes.length,
    df: satterthwaite(sizes, n),
    unit,
    mean,
    scores: constant ? scores.map(() => 0) : scores,
  };
}

/** √Σ s², the standard error in units. */
export function standardError(scores: readonly number[]): number {
  return Math.sqrt(scores.reduce((total, score) => total + score * score, 0));
}

/** df of the closed form above; the pairs are summed one by one, because (Σb)² − Σb² would cancel. */
function satterthwaite(sizes: Float64Array, n: number): number {
  let denominator = 0;
  let before = 0;
  for (const size of sizes) {
    const b = (size / n) * (size / (n - size));
    denominator += (size / n) ** 2 + 2 * b * before;
    before += b;
  }
  return 1 / denominator;
}
