/**
 * Bootstrap-t for a mean, whole clusters resampled (Hall 1992, The Bootstrap and Edgeworth Expansion, 1.3 and 3.6;
 * Davison & Hinkley 1997, Bootstrap Methods and their Application, 4.4.1 and 5.2.1; for clusters Cameron, Gelbach &
 * Miller 2008, Rev Econ Stat 90(3):414–427, "pairs cluster bootstrap-t").
 *
 *   se = √(G/(G−1) · Σ_g R_g²) / n,   R_g = Σ_{i∈g} (y_i − ȳ),   t = ȳ/se,   t* = (ȳ* − ȳ)/se*,
 *   p = (1 + #{t* ≥ t}) / (B + 1),   low, high = ȳ − se · t*_(k), ȳ − se · t*_(B+1−k),   k = ⌊(1 − level)/2 · (B + 1)⌋
 *
 * with t*_(k) the k-th largest of B. se is the linearised standard error of a ratio of cluster sums, the same
 * function of the sample and of each resample; with clusters of one size it is that of clusterMean (CR2). Unlike
 * t it follows the skewness of the data, to second order: a mean of losses with a long tail has its own critical
 * values on each side.
 *
 * A resample whose clusters all have one mean has no t*. It is counted against the claim, whichever that is: as above
 * t in `p`, as below it in `pBelow`, and beyond both ends of the interval.
 */
import type { ClusterDraws } from "./ClusterResampler.ts";
import { type ClusterSums, clusterSums } from "./clusterSums.ts";
import { BEYOND_RANGE, checkLevel, type Estimate } from "./estimate.ts";

export interface StudentisedBootstrap {
  /** Number of items. */
  readonly n: number;
  readonly clusters: number;
  readonly mean: number;
  /** Standard error, in the values' unit, above 0. */
  readonly se: number;
  readonly t: number;
  /** One-sided p-values for a mean above 0, and for one below: from 1/(B + 1) to 1. */
  readonly p: number;
  readonly pBelow: number;
  /** `low` lies above 0 exactly where `p` is at most (1 − level)/2, if (1 − level)/2 · (B + 1) is a whole number. */
  readonly interval: Estimate<{ readonly low: number; readonly high: number }>;
  /** Resamples, and how many of them have no t*. */
  readonly resamples: number;
  readonly degenerate: number;
}

/**
 * values: [n], finite; clusters: [n]; level: two-sided coverage, 0 < level < 1.
 * Undefined with fewer than two clusters, where all clusters have one mean, or beyond the range of floats.
 * Throws RangeError for a value that is not finite, arrays of different lengths, or an impossible level.
 */
export function studentisedBootstrap(
  values: readonly number[],
  clusters: readonly string[],
  resampler: ClusterDraws,
  level = 0.95,
): Estimate<StudentisedBootstrap> {
  checkLevel(level);
  const sums = clusterSums(values, clusters);
  const count = sums.sizes.length;
  if (count < 2) return { defined: false, reason: `a standard error needs at least 2 clusters, not ${count}` };
  const se = linearisedError(sums);
  // As in clusterScores: less than the values' own rounding is no difference.
  if (se <= 4 * Number.EPSILON) {
    return { defined: false, reason: "all clusters have the same mean: there is no standard error to divide by" };
  }
  const t = sums.mean / se;
  const deviations = resampledT(sums, resampler.draws(count));
  let [above, below] = [0, 0];
  for (const value of deviations) {
    if (value >= t) above++;
    if (value <= t) below++;
  }
  const { resamples } = resampler;
  const degenerate = resamples - deviations.length;
  const mean = sums.mean * sums.unit;
  if (!Number.isFinite(mean) || !Number.isFinite(se * sums.unit)) return { defined: false, reason: BEYOND_RANGE };
  return {
    defined: true,
    n: sums.n,
    clusters: count,
    mean,
    se: se * sums.unit,
    t,
    p: (1 + degenerate + above) / (resamples + 1),
    pBelow: (1 + degenerate + below) / (resamples + 1),
    interval: interval(sums, se, deviations.sort(), resamples, level),
    resamples,
    degenerate,
  };
}

function linearisedError({ n, residuals }: ClusterSums): number {
  const squares = residuals.reduce((total, residual) => total + residual * residual, 0);
  return Math.sqrt((squares * residuals.length) / (residuals.length - 1)) / n;
}

/**
 * t* of the resamples that have one. From weighted sums over clusters: with w_g the times that cluster g was drawn,
 * d = Σ w R / Σ w n_g is ȳ* − ȳ, and Σ w (R − d n_g)² = Σ w R² − 2 d Σ w R n_g + d² Σ w n_g².
 */
function resampledT({ residuals, sizes }: ClusterSums, draws: Uint16Array): Float64Array {
  const count = residuals.length;
  const resamples = draws.length / count;
  const found = new Float64Array(resamples);
  const equal = sizes.every((size) => size === sizes[0]);
  const correction = Math.sqrt(count / (count - 1));
  let defined = 0;
  for (let start = 0; start < draws.length; start += count) {
    let [sum, squares] = [0, 0];
    let [items, products, sizeSquares] = [0, 0, 0];
    for (let g = 0; g < count; g++) {
      const weighted = (draws[start + g] as number) * (residuals[g] as number);
      sum += weighted;
      squares += weighted * (residuals[g] as number);
    }
    if (equal) {
      const size = sizes[0] as number;
      [items, products, sizeSquares] = [count * size, sum * size, count * size * size];
    } else {
      for (let g = 0; g < count; g++) {
        const weighted = (draws[start + g] as number) * (sizes[g] as number);
        items += weighted;
        products += weighted * (residuals[g] as number);
        sizeSquares += weighted * (sizes[g] as number);
      }
    }
    const difference = sum / items;
    const variation = squares - 2 * difference * products + difference * difference * sizeSquares;
    // What is left of equal cluster means after cancellation is at most some 1e-14 of the squares.
    if (variation > 1e-12 * squares) found[defined++] = (difference * items) / (correction * Math.sqrt(variation));
  }
  return found.subarray(0, defined);
}

/** sorted: t* from the smallest on. Those that are missing count as beyond both ends. */
function interval(
  { mean, unit }: ClusterSums,
  se: number,
  sorted: Float64Array,
  resamples: number,
  level: number,
): StudentisedBootstrap["interval"] {
  const missing = resamples - sorted.length;
  // Rounded first: (1 − 0.95)/2 · 10,000 is 250 and not the 249 that floor would make of 249.99999999999997.
  const rank = Math.floor(Number((((1 - level) / 2) * (resamples + 1)).toPrecision(12))) - missing;
  if (rank < 1) {
    const why = missing > 0 ? `${missing} of ${resamples} resamples have no variance` : `${resamples} resamples`;
    return { defined: false, reason: `${why}: too few to say where the ends of a ${level} interval lie` };
  }
  const low = (mean - se * (sorted.at(-rank) as number)) * unit;
  const high = (mean - se * (sorted[rank - 1] as number)) * unit;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { defined: false, reason: BEYOND_RANGE };
  return { defined: true, low, high };
}
