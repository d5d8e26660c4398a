/**
 * Krippendorff's alpha: agreement of any number of raters, beyond chance, ratings may be missing (Krippendorff 2011,
 * "Computing Krippendorff's Alpha-Reliability"; Hayes & Krippendorff 2007, Commun Methods Meas 1:77–89).
 *
 *   α = 1 − (n − 1) Σ_{c,k} o_ck δ²_ck / Σ_{c,k} n_c n_k δ²_ck
 *
 * o_ck = Σ_u (ordered pairs of values c, k in unit u) / (m_u − 1) over units with m_u ≥ 2 values, n_c = Σ_k o_ck,
 * n = Σ_c n_c. Squared differences: nominal 0 or 1; interval (c − k)²; ordinal (Σ_{g=c}^{k} n_g − (n_c + n_k)/2)².
 */
import type { Estimate } from "./estimate.ts";

export interface KrippendorffAlpha {
  /** 1 for perfect agreement, 0 for chance; may be negative. */
  readonly alpha: number;
  /** Units with at least two ratings, and the ratings in them. */
  readonly units: number;
  readonly ratings: number;
}

/**
 * ratings: [units][raters], null where there is none; rows may differ in length. Ordinal and interval levels order
 * and subtract the numbers; on the nominal level numbers are names (map strings to numbers).
 * Undefined without a unit of two ratings, or where all paired ratings are equal (0/0).
 * Throws RangeError for a rating that is not finite.
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (number | null)[])[],
  level: "nominal" | "ordinal" | "interval",
): Estimate<KrippendorffAlpha> {
  const units = ratings
    .map((row, unit) =>
      row.filter((value): value is number => {
        if (value !== null && !Number.isFinite(value)) throw new RangeError(`a rating of unit ${unit} is ${value}`);
        return value !== null;
      }),
    )
    .filter((row) => row.length >= 2);
  if (units.length === 0) return { defined: false, reason: "no unit has two ratings" };
  const values = [...new Set(units.flat())].sort((one, other) => one - other);
  if (values.length === 1) return { defined: false, reason: "all ratings are equal, so that chance explains them" };
  const place = new Map(values.map((value, index) => [value, index]));
  const total = units.reduce((sum, row) => sum + row.length, 0);
  const counts = values.map(() => 0);
  for (const value of units.flat()) (counts[place.get(value) as number] as number)++;
  const difference = squaredDifference(values, counts, level);

  let observed = 0;
  for (const row of units) {
    for (const one of row) {
      for (const other of row) {
        observed += difference(place.get(one) as number, place.get(other) as number) / (row.length - 1);
      }
    }
  }
  let expected = 0;
  for (const [c, nC] of counts.entries()) {
    for (const [k, nK] of counts.entries()) expected += nC * nK * difference(c, k);
  }
  return { defined: true, alpha: 1 - ((total - 1) * observed) / expected, units: units.length, ratings: total };
}

/** δ² of two values by their places among all, up to a factor: only ratios matter. */
function squaredDifference(
  values: readonly number[],
  counts: readonly number[],
  level: "nominal" | "ordinal" | "interval",
): (c: number, k: number) => number {
  if (level === "nominal") return (c, k) => (c === k ? 0 : 1);
  // On the ordinal level values stand for the mid-ranks of their ratings: the sum over g from c to k is a difference.
  let before = 0;
  const ranks = counts.map((count) => {
    before += count;
    return before - count / 2;
  });
  const scores = level === "ordinal" ? ranks : values;
  // In units of the largest: neither differences nor their squares then overflow or vanish.
  const largest = Math.max(...scores.map(Math.abs));
  const scaled = scores.map((score) => score / largest);
  return (c, k) => ((scaled[c] as number) - (scaled[k] as number)) ** 2;
}
