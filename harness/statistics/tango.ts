/**
 * Score test and interval of a difference of paired proportions, p1 − p2 (Tango 1998, Statist Med 17:891–908, (8) to
 * (11)). With b pairs that only the first has, c that only the second has, n pairs in all, under p1 − p2 = λ:
 *
 *   z(λ) = (b − c − nλ) / √(n (2 q + λ (1 − λ))),
 *   q = (√(B² + 8 n c λ (1 − λ)) − B) / (4n),   B = (2n − b + c) λ − b − c
 *
 * with q the most likely probability of "second only" under λ. The interval is where |z(λ)| ≤ z_{(1+level)/2}; z falls
 * as λ rises. Pairs are taken as independent. Unlike newcombe.ts it needs no estimate of the correlation, and it
 * gives a p-value against a margin.
 */
import { bisect } from "simple-statistics";
import { checkLevel, type Estimate } from "./estimate.ts";
import type { PairedDifference } from "./newcombe.ts";
import { normalQuantile } from "./normalQuantile.ts";
import { normalUpperTail } from "./normalTail.ts";

/**
 * b, c: pairs that only the first or only the second has; n: all pairs; level: two-sided coverage, 0 < level < 1.
 * Undefined without pairs. Throws RangeError for counts that are no whole numbers from 0 or b + c > n.
 */
export function tango(b: number, c: number, n: number, level = 0.95): Estimate<PairedDifference> {
  checkLevel(level);
  check(b, c, n);
  if (n === 0) return { defined: false, reason: "there are no pairs" };
  const difference = (b - c) / n;
  const critical = -normalQuantile((1 - level) / 2);
  const end = (sign: 1 | -1): number => {
    // From the observed difference, where z = 0, towards ∓1, where it is beyond every quantile unless that is observed.
    const excess = (lambda: number): number => sign * score(b, c, n, lambda) - critical;
    if (excess(-sign) <= 0) return -sign;
    return bisect(excess, -sign, difference, 200, 1e-15);
  };
  return { defined: true, n, difference, low: end(1), high: end(-1) };
}

/**
 * One-sided p-value of p1 − p2 > margin, −1 < margin < 1: P(Z > z(margin)); ½ where the score is 0/0.
 * Undefined and errors as in tango, and RangeError for an impossible margin.
 */
export function tangoTest(b: number, c: number, n: number, margin: number): Estimate<{ readonly p: number }> {
  check(b, c, n);
  if (!(margin > -1 && margin < 1)) throw new RangeError(`a margin lies between −1 and 1, not at ${margin}`);
  if (n === 0) return { defined: false, reason: "there are no pairs" };
  return { defined: true, p: normalUpperTail(score(b, c, n, margin)) };
}

function check(b: number, c: number, n: number): void {
  if (![b, c, n].every((count) => Number.isSafeInteger(count) && count >= 0) || b + c > n) {
    throw new RangeError(`counts of pairs must be whole numbers from 0, not ${b} and ${c} of ${n}`);
  }
}

function score(b: number, c: number, n: number, lambda: number): number {
  const above = b - c - n * lambda;
  if (above === 0) return 0;
  const slope = (2 * n - b + c) * lambda - b - c;
  const spread = lambda * (1 - lambda);
  const root = Math.sqrt(Math.max(0, slope * slope + 8 * n * c * spread));
  const q = (root - slope) / (4 * n);
  return above / Math.sqrt(Math.max(0, n * (2 * q + spread)));
}
