/**
 * Studentised sign-flip test of paired differences, whole clusters flipped: one-sided, for a mean above 0.
 *
 *   t(s) = Σ_g s_g S_g / √(Σ_g (s_g S_g − m n_g)²),   m = Σ_g s_g S_g / n,   S_g = Σ_{i∈g} y_i,   s_g = ±1
 *   p = #{t(s) ≥ t(1)} / 2^G over all sign patterns, or (1 + #) / (B + 1) over B random ones
 *
 * Exact where every cluster's differences are distributed symmetrically about 0 (Fisher 1935, The Design of
 * Experiments, 21); studentised, also asymptotically right for a mean of 0 without symmetry (Canay, Romano & Shaikh
 * 2017, Econometrica 85(3):1013–1030). It is the wild cluster bootstrap with the null imposed and Rademacher weights
 * (Cameron, Gelbach & Miller 2008, Rev Econ Stat 90(3):414–427): for a mean the restricted residuals are the values.
 * The signs forget the direction of skewness, so with few clusters it is no better than t where that is strong.
 * (1 + #)/(B + 1): Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9(1):39.
 */
import type { ClusterFlips, SignFlips } from "./ClusterResampler.ts";
import { type ClusterSums, clusterSums } from "./clusterSums.ts";
import { BEYOND_RANGE, type Estimate } from "./estimate.ts";

export interface SignFlipTest {
  /** Number of items. */
  readonly n: number;
  readonly clusters: number;
  readonly mean: number;
  /** One-sided p-values for a mean above 0, and for one below; never 0. */
  readonly p: number;
  readonly pBelow: number;
  /** Sign patterns, and whether they are all there are. */
  readonly flips: number;
  readonly exact: boolean;
}

/**
 * values: [n], finite differences; clusters: [n]. Undefined without items. Values that are all 0 have p = 1.
 * Throws RangeError for a value that is not finite or arrays of different lengths.
 */
export function signFlip(
  values: readonly number[],
  clusters: readonly string[],
  resampler: ClusterFlips,
): Estimate<SignFlipTest> {
  const sums = clusterSums(values, clusters);
  const count = sums.sizes.length;
  if (count === 0) return { defined: false, reason: "there are no values to flip" };
  const flips = resampler.flips(count);
  const totals = clusterTotals(sums);
  const observed = flippedT(totals, sums, new Int8Array(count).fill(1))[0] as number;
  const flipped = flippedT(totals, sums, flips.signs);
  const mean = sums.mean * sums.unit;
  if (!Number.isFinite(mean)) return { defined: false, reason: BEYOND_RANGE };
  return {
    defined: true,
    n: sums.n,
    clusters: count,
    mean,
    p: flipP(flipped, observed, flips),
    pBelow: flipP(
      flipped.map((t) => -t),
      -observed,
      flips,
    ),
    flips: flips.count,
    exact: flips.exact,
  };
}

/** S_g, in units. */
export function clusterTotals({ residuals, sizes, mean }: ClusterSums): Float64Array {
  return residuals.map((residual, g) => residual + mean * (sizes[g] as number));
}

/**
 * t(s), up to a factor that is the same for all, of each of the rows of signs: [count, G]. ±Infinity where the flipped
 * clusters have one mean that is not 0; 0 where all are 0.
 */
export function flippedT(totals: Float64Array, { n, sizes }: ClusterSums, signs: Int8Array): Float64Array {
  const count = totals.length;
  const found = new Float64Array(signs.length / count);
  const squares = totals.reduce((sum, total) => sum + total * total, 0);
  const sizeSquares = sizes.reduce((sum, size) => sum + size * size, 0);
  const products = totals.map((total, g) => total * (sizes[g] as number));
  for (let row = 0; row < found.length; row++) {
    let [sum, product] = [0, 0];
    for (let g = 0, at = row * count; g < count; g++, at++) {
      sum += (signs[at] as number) * (totals[g] as number);
      product += (signs[at] as number) * (products[g] as number);
    }
    const mean = sum / n;
    const variation = squares - 2 * mean * product + mean * mean * sizeSquares;
    // What is left of equal cluster means after cancellation is at most some 1e-14 of the squares.
    if (variation > 1e-12 * squares) found[row] = sum / Math.sqrt(variation);
    else found[row] = squares === 0 ? 0 : Math.sign(sum) * Infinity;
  }
  return found;
}

/** Share of flips with a t of at least that observed; ties up to rounding count, as they do in exact arithmetic. */
export function flipP(flipped: Float64Array, observed: number, flips: SignFlips): number {
  const limit = Number.isFinite(observed) ? observed - 1e-9 * Math.max(1e-3, Math.abs(observed)) : observed;
  let reached = 0;
  for (const t of flipped) if (t >= limit) reached++;
  return flips.exact ? reached / flips.count : (1 + reached) / (flips.count + 1);
}
