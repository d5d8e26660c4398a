/**
 * Wilson's score interval of a proportion, without continuity correction (Wilson 1927, J Am Stat Assoc 22:209–212):
 * the p for which |x/n − p| ≤ z √(p (1 − p)/n). Items are taken as independent.
 *
 *   low, high = (2x + z² ∓ z √(z² + 4x (1 − x/n))) / (2 (n + z²))
 */
import { checkLevel, type Estimate } from "./estimate.ts";
import { normalQuantile } from "./normalQuantile.ts";

export interface Proportion {
  readonly n: number;
  readonly proportion: number;
  readonly low: number;
  readonly high: number;
}

/**
 * successes: 0 to n, whole numbers; level: two-sided coverage, 0 < level < 1. Undefined without items.
 * Throws RangeError for counts that are no whole numbers from 0 or more successes than items.
 */
export function wilson(successes: number, n: number, level = 0.95): Estimate<Proportion> {
  checkLevel(level);
  if (![successes, n].every((count) => Number.isSafeInteger(count) && count >= 0) || successes > n) {
    throw new RangeError(`successes of items must be whole numbers from 0, not ${successes} of ${n}`);
  }
  if (n === 0) return { defined: false, reason: "there are no items" };
  const proportion = successes / n;
  const { below, above } = wilsonReach(successes, n, -normalQuantile((1 - level) / 2));
  // At 0 and n rounding may leave the ends a digit outside.
  return { defined: true, n, proportion, low: Math.max(0, proportion - below), high: Math.min(1, proportion + above) };
}

/** How far the interval reaches below and above successes/n, each at least 0. */
export function wilsonReach(successes: number, n: number, z: number): { below: number; above: number } {
  const p = successes / n;
  const half = z * Math.sqrt(z * z + 4 * successes * (1 - p));
  const offset = z * z * (1 - 2 * p);
  return { below: (half - offset) / (2 * (n + z * z)), above: (half + offset) / (2 * (n + z * z)) };
}
