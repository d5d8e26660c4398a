/**
 * Two shares of the same items. McNemar's mid-p and Tango's score interval take items as independent and hold for
 * shares near 0 and 1; a cluster t test takes clusters as the unit and is rough there. As elsewhere both must agree: p
 * is the larger, the interval reaches as far as either's.
 */
import { mcnemar } from "../statistics/mcnemar.ts";
import { meanTest } from "../statistics/meanTest.ts";
import { studentUpperTail } from "../statistics/studentT.ts";
import { tango } from "../statistics/tango.ts";
import { type PairedDifference, pairedDifference } from "./pairedDifference.ts";

/** first, second: [n], each 0 or 1; clusters: [n]. The difference is first − second, −1 to 1. */
export function pairedShares(
  first: readonly number[],
  second: readonly number[],
  clusters: readonly string[],
): PairedDifference {
  const differences = first.map((value, i) => value - (second[i] as number));
  const base = pairedDifference(differences, clusters, null);
  if (base.low === null || base.high === null) return base;
  const only = (sign: number) => differences.filter((value) => value === sign).length;
  const [b, c] = [only(1), only(-1)];
  const score = tango(b, c, differences.length);
  const test = meanTest(differences, clusters);
  const byT = !test.defined || test.degenerate ? 0 : 2 * Math.min(test.p, studentUpperTail(-test.t, test.df));
  return {
    ...base,
    low: score.defined ? Math.min(base.low, score.low) : base.low,
    high: score.defined ? Math.max(base.high, score.high) : base.high,
    p: Math.max(byT, mcnemar(b, c).midP),
    reason: "",
  };
}
