/**
 * Cohen's kappa: agreement of two raters on nominal categories, beyond chance (Cohen 1960, Educ Psychol Meas
 * 20:37–46), with the large-sample standard error of Fleiss, Cohen & Everitt (1969, Psychol Bull 72:323–327, (13)).
 *
 *   κ = (p_o − p_e) / (1 − p_e),   p_o = Σ_i p_ii,   p_e = Σ_i p_i. p_.i
 *   n (1 − p_e)² se² = Σ_i p_ii [1 − (p_i. + p_.i)(1 − κ)]² + (1 − κ)² Σ_{i≠j} p_ij (p_.i + p_j.)² − [κ − p_e (1 − κ)]²
 */
import { checkLevel, type Estimate } from "./estimate.ts";
import { normalQuantile } from "./normalQuantile.ts";

export interface CohenKappa {
  /** Items that both rated. */
  readonly n: number;
  readonly kappa: number;
  /** Share of items on which they agree, and what chance alone would give. */
  readonly observed: number;
  readonly expected: number;
  readonly se: number;
  /** κ ∓ z·se, cut at −1 and 1; for few items (below some 50) too narrow. */
  readonly low: number;
  readonly high: number;
}

type Rating = string | number;

/**
 * first, second: [n] categories of the same items, null where a rater gave none; such items drop out.
 * Undefined without items, or where both raters use one and the same category throughout (0/0).
 * Throws RangeError for arrays of different lengths, NaN or an impossible level.
 */
export function cohenKappa(
  first: readonly (Rating | null)[],
  second: readonly (Rating | null)[],
  level = 0.95,
): Estimate<CohenKappa> {
  checkLevel(level);
  if (first.length !== second.length) throw new RangeError(`${first.length} ratings but ${second.length} others`);
  const pairs = first.flatMap((one, i) => {
    const other = second[i] as Rating | null;
    if (Number.isNaN(one) || Number.isNaN(other)) throw new RangeError(`rating ${i} is NaN`);
    return one === null || other === null ? [] : [[one, other] as const];
  });
  const n = pairs.length;
  if (n === 0) return { defined: false, reason: "no item has a rating of both" };
  const share = (ratings: readonly Rating[]): Map<Rating, number> => {
    const counts = new Map<Rating, number>();
    for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1 / n);
    return counts;
  };
  const rows = share(pairs.map(([one]) => one));
  const columns = share(pairs.map(([, other]) => other));
  if (rows.size === 1 && columns.size === 1 && pairs[0]?.[0] === pairs[0]?.[1]) {
    return { defined: false, reason: "both raters use one category only, so that chance explains all agreement" };
  }
  const observed = pairs.filter(([one, other]) => one === other).length / n;
  const expected = [...rows].reduce((total, [category, p]) => total + p * (columns.get(category) ?? 0), 0);
  const kappa = (observed - expected) / (1 - expected);
  let variation = -((kappa - expected * (1 - kappa)) ** 2);
  for (const [one, other] of pairs) {
    // p_i. and p_.i of an agreement; p_.i and p_j. of row i, column j.
    const agrees = one === other;
    const sum = (columns.get(one) ?? 0) + (rows.get(other) ?? 0);
    variation += (agrees ? (1 - sum * (1 - kappa)) ** 2 : ((1 - kappa) * sum) ** 2) / n;
  }
  const se = Math.sqrt(Math.max(0, variation) / n) / (1 - expected);
  const half = -normalQuantile((1 - level) / 2) * se;
  const [low, high] = [Math.max(-1, kappa - half), Math.min(1, kappa + half)];
  return { defined: true, n, kappa, observed, expected, se, low, high };
}
