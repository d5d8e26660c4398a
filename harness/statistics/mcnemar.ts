/**
 * McNemar's test that two paired proportions are equal, from the pairs that differ: b that only the first has, c that
 * only the second has, each as likely as the other under the null. X ~ Binomial(b + c, ½):
 *
 *   exact one-sided p (first larger) = P(X ≥ b),   mid-p = P(X > b) + ½ P(X = b),   two-sided: twice the smaller, ≤ 1
 *
 * McNemar 1947, Psychometrika 12:153–157; mid-p: Lancaster 1961, J Am Stat Assoc 56:223–234; that mid-p keeps its
 * level in practice: Fagerland, Lydersen & Laake 2013, BMC Med Res Methodol 13:91. Pairs are taken as independent.
 */
import { gammaln } from "simple-statistics";

export interface PairedTest {
  /** Two-sided p-values. */
  readonly exact: number;
  readonly midP: number;
  /** One-sided p-values for a larger first proportion. */
  readonly exactGreater: number;
  readonly midPGreater: number;
}

/** Without pairs that differ all p-values are 1, the one-sided mid-p ½. RangeError for no whole numbers from 0. */
export function mcnemar(b: number, c: number): PairedTest {
  if (![b, c].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new RangeError(`counts of pairs must be whole numbers from 0, not ${b} and ${c}`);
  }
  const beyond = tail(b, c);
  const other = tail(c, b);
  const exactGreater = Math.min(1, beyond.reached);
  const midPGreater = beyond.reached - beyond.point / 2;
  const midPLess = other.reached - other.point / 2;
  return {
    exact: Math.min(1, 2 * beyond.reached, 2 * other.reached),
    midP: Math.min(1, 2 * Math.min(midPGreater, midPLess)),
    exactGreater,
    midPGreater,
  };
}

/** P(X ≥ k) and P(X = k) for X ~ Binomial(k + rest, ½). */
function tail(k: number, rest: number): { reached: number; point: number } {
  const n = k + rest;
  const point = Math.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(rest + 1) - n * Math.LN2);
  // The smaller side is summed from its largest term on.
  const sum = (from: number): number => {
    let [total, term] = [0, 1];
    for (let i = from; i <= n && term > 1e-17 * total; i++) {
      total += term;
      term *= (n - i) / (i + 1);
    }
    return point * total;
  };
  return { reached: k >= rest ? sum(k) : 1 - sum(rest) + point, point };
}
