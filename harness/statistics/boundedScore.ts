/**
 * Score test that the mean of bounded values lies above a margin, for shares and their paired differences where few
 * values differ and their own spread says too little.
 *
 *   z = (ȳ − a) / √(V/n),   V = Σ_i p_i (y_i − a)²,   p_i = 1 / (n (1 + λ (y_i − a)))
 *
 * V is the variance under the null: p are the most likely probabilities with the mean a, found by Lagrange's λ (Owen
 * 1988, Biometrika 75:237–249, (2.4) to (2.6)). Here an end of the range may have probability though no value was
 * seen there: where no λ makes the mean a, λ is at its limit and what the p_i leave of 1 stands at that end. Without
 * any pair that differs V is therefore not 0 but what a difference of a would take. For values −1, 0 and 1 it is
 * Tango's (1998) test, for 0 and 1 the score test of a proportion (Wilson 1927).
 *
 * Values are taken as independent: of clustered ones demand that a cluster test holds too.
 */
import { bisect } from "simple-statistics";
import type { Estimate } from "./estimate.ts";
import { normalUpperTail } from "./normalTail.ts";

export interface BoundedScore {
  readonly n: number;
  readonly mean: number;
  readonly z: number;
  /** One-sided p-values for a mean above the margin, and for one below. */
  readonly p: number;
  readonly pBelow: number;
}

/**
 * values: [n], each from low to high; margin: low < margin < high. Undefined without values.
 * Throws RangeError for values or margins outside, and for bounds that are not finite.
 */
export function boundedScore(
  values: readonly number[],
  bounds: { readonly low: number; readonly high: number },
  margin: number,
): Estimate<BoundedScore> {
  const { low, high } = bounds;
  const range = high - low;
  if (!(low < margin && margin < high && Number.isFinite(range))) {
    throw new RangeError(`a margin lies between finite bounds, not ${margin} between ${low} and ${high}`);
  }
  const outside = values.findIndex((value) => !(value >= low && value <= high));
  if (outside >= 0) throw new RangeError(`value ${outside} is ${values[outside]}, not from ${low} to ${high}`);
  const n = values.length;
  if (n === 0) return { defined: false, reason: "there are no values" };

  const distances = values.map((value) => (value - margin) / range);
  const above = distances.reduce((total, distance) => total + distance, 0) / n;
  const variance = nullVariance(distances, (low - margin) / range, (high - margin) / range);
  // All values on the margin: 0/0, and no evidence either way.
  const z = above === 0 ? 0 : above / Math.sqrt(variance / n);
  return { defined: true, n, mean: margin + above * range, z, p: normalUpperTail(z), pBelow: normalUpperTail(-z) };
}

/** distances from the margin, and the ends of their range: first < 0 < last. */
function nullVariance(distances: readonly number[], first: number, last: number): number {
  const n = distances.length;
  const moment = (lambda: number): number =>
    distances.reduce((total, distance) => total + distance / (1 + lambda * distance), 0);
  // Each p_i is at most 1, so where a value stands at an end, λ stays a share 1/n short of its limit there.
  const limit = (end: number): number => (-1 / end) * (distances.includes(end) ? 1 - 1 / n : 1);
  const [least, most] = [limit(last), limit(first)];
  let lambda: number;
  if (moment(most) >= 0) lambda = most;
  else if (moment(least) <= 0) lambda = least;
  else lambda = bisect(moment, least, most, 200, 1e-14 * (most - least));

  let [rest, variance] = [1, 0];
  for (const distance of distances) {
    const p = 1 / (n * (1 + lambda * distance));
    rest -= p;
    variance += p * distance * distance;
  }
  const end = lambda > 0 ? first : last;
  return variance + Math.max(0, rest) * end * end;
}
