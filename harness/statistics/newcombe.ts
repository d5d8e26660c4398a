/**
 * Interval of a difference of paired proportions, p1 − p2 = (b − c)/n, from the fourfold table
 *
 *                   second: yes   second: no
 *     first: yes         a             b           p1 = (a + b)/n, Wilson interval l1, u1
 *     first: no          c             d           p2 = (a + c)/n, Wilson interval l2, u2
 *
 *   low  = p1 − p2 − √((p1 − l1)² − 2φ(p1 − l1)(u2 − p2) + (u2 − p2)²)
 *   high = p1 − p2 + √((u1 − p1)² − 2φ(u1 − p1)(p2 − l2) + (p2 − l2)²)
 *
 * φ = (ad − bc)/√((a+b)(c+d)(a+c)(b+d)), where a positive ad − bc is first reduced by n/2, to 0 at the least; 0
 * where a margin is 0. Newcombe (1998), Statist Med 17:2635–2650, method 10. Items are taken as independent.
 */
import { checkLevel, type Estimate } from "./estimate.ts";
import { normalQuantile } from "./normalQuantile.ts";
import { wilsonReach } from "./wilson.ts";

export interface PairedDifference {
  /** Number of pairs. */
  readonly n: number;
  /** p1 − p2, −1 to 1. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * a, b, c, d: counts of pairs (both, first only, second only, neither); level: two-sided coverage.
 * Undefined without pairs. Throws RangeError for a count that is not a whole number from 0.
 */
export function newcombe(a: number, b: number, c: number, d: number, level = 0.95): Estimate<PairedDifference> {
  checkLevel(level);
  const counts = [a, b, c, d];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new RangeError(`counts of pairs must be whole numbers from 0, not ${counts.join(", ")}`);
  }
  const n = a + b + c + d;
  if (n === 0) return { defined: false, reason: "there are no pairs" };
  const z = -normalQuantile((1 - level) / 2);
  const first = wilsonReach(a + b, n, z);
  const second = wilsonReach(a + c, n, z);
  // As a product of roots: that of the four margins could overflow.
  const margins = Math.sqrt(a + b) * Math.sqrt(c + d) * Math.sqrt(a + c) * Math.sqrt(b + d);
  const excess = a * d - b * c;
  const phi = margins === 0 ? 0 : (excess > 0 ? Math.max(excess - n / 2, 0) : excess) / margins;
  // Never the root of a negative number: the reduction by n/2 keeps φ below 1.
  const distance = (x: number, y: number): number => Math.sqrt(x * x - 2 * phi * x * y + y * y);
  const difference = (b - c) / n;
  return {
    defined: true,
    n,
    difference,
    low: difference - distance(first.below, second.above),
    high: difference + distance(first.above, second.below),
  };
}
