/**
 * Interval of a ratio of two correlated means ν/δ (Fieller 1954, J R Statist Soc B 16:175–185): all ρ for which
 * ν − ρδ is not significantly different from 0, |N − ρD| ≤ t √(v_N − 2ρ c + ρ² v_D). With r = N/D and everything
 * divided by D², u = v_N/D², w = c/D², z = v_D/D²:
 *
 *   low, high = (r − t²w ∓ t √(u − 2rw + r²z − t²(uz − w²))) / (1 − t²z),   if t²z < 1.
 *
 * Else the denominator is not distinguishable from 0 and the set is unbounded (a complement, or every number).
 */
import { clusterScores } from "./clusterScores.ts";
import { BEYOND_RANGE, checkLevel } from "./estimate.ts";
import { studentQuantile } from "./studentT.ts";

/** A ratio with its interval, or why that has no bounds; the ratio itself is null where it has no finite value. */
export type RatioInterval =
  | { readonly defined: true; readonly ratio: number; readonly low: number; readonly high: number }
  | { readonly defined: false; readonly ratio: number | null; readonly reason: string };

export interface CorrelatedMeans {
  readonly numerator: number;
  readonly denominator: number;
  /** Variances of the two means (squared standard errors) and their covariance. */
  readonly numeratorVariance: number;
  readonly denominatorVariance: number;
  readonly covariance: number;
}

/** t: the upper quantile of the two-sided interval, t ≥ 0. Throws RangeError for impossible moments. */
export function fieller(means: CorrelatedMeans, t: number): RatioInterval {
  const { numerator, denominator, numeratorVariance, denominatorVariance, covariance } = means;
  check(means, t);
  const r = numerator / denominator;
  const ratio = Number.isFinite(r) ? r : null;
  if (denominator === 0) return { defined: false, ratio, reason: "the denominator's mean is 0" };
  const z = denominatorVariance / denominator / denominator;
  if (!(t * t * z < 1)) {
    return { defined: false, ratio, reason: "the denominator's mean is not distinguishable from 0 at this level" };
  }
  const u = numeratorVariance / denominator / denominator;
  const w = covariance / denominator / denominator;
  const inner = u - 2 * r * w + r * r * z - t * t * (u * z - w * w);
  const centre = r - t * t * w;
  // Where the numerator is a multiple of the denominator, rounding may leave a little less than 0.
  const half = t * Math.sqrt(Math.max(0, inner));
  const low = (centre - half) / (1 - t * t * z);
  const high = (centre + half) / (1 - t * t * z);
  if (ratio === null || !Number.isFinite(low) || !Number.isFinite(high)) {
    return { defined: false, ratio, reason: BEYOND_RANGE };
  }
  return { defined: true, ratio, low, high };
}

function check(means: CorrelatedMeans, t: number): void {
  for (const [name, value] of Object.entries({ ...means, t })) {
    const mayBeNegative = name === "numerator" || name === "denominator" || name === "covariance";
    if (!Number.isFinite(value) || (!mayBeNegative && value < 0)) throw new RangeError(`${name} is ${value}`);
  }
  const bound = Math.sqrt(means.numeratorVariance) * Math.sqrt(means.denominatorVariance);
  if (Math.abs(means.covariance) > bound * (1 + 1e-9)) {
    throw new RangeError(`covariance ${means.covariance} exceeds ${bound}, the product of the standard errors`);
  }
}

/**
 * Σ numerators / Σ denominators with Fieller's interval from the cluster-robust (CR2) variances and covariance of
 * the two means. The df depends on the cluster sizes alone, so the interval holds exactly those ρ that clusterMean
 * of numerators − ρ · denominators cannot tell from 0.
 * numerators, denominators, clusters: [n]; level: two-sided coverage, 0 < level < 1.
 * Undefined with fewer than two clusters or an unbounded interval; throws RangeError as clusterMean does.
 */
export function clusterRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  clusters: readonly string[],
  level = 0.95,
): RatioInterval {
  checkLevel(level);
  const above = clusterScores(numerators, clusters);
  const below = clusterScores(denominators, clusters);
  if (!above.defined) return { defined: false, ratio: null, reason: above.reason };
  if (!below.defined) return { defined: false, ratio: null, reason: below.reason };
  const product = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((total, score, index) => total + score * (other[index] as number), 0);
  const scaled = fieller(
    {
      numerator: above.mean,
      denominator: below.mean,
      numeratorVariance: product(above.scores, above.scores),
      denominatorVariance: product(below.scores, below.scores),
      covariance: product(above.scores, below.scores),
    },
    -studentQuantile((1 - level) / 2, above.df),
  );
  // Multiplied and divided one after the other: the ratio of the units may overflow where the result does not.
  const rescale = (value: number): number => (value * above.unit) / below.unit;
  const ratio = scaled.ratio === null || !Number.isFinite(rescale(scaled.ratio)) ? null : rescale(scaled.ratio);
  if (!scaled.defined) return { ...scaled, ratio };
  const [low, high] = [rescale(scaled.low), rescale(scaled.high)];
  if (ratio === null || !Number.isFinite(low) || !Number.isFinite(high)) {
    return { defined: false, ratio, reason: BEYOND_RANGE };
  }
  return { defined: true, ratio, low, high };
}
