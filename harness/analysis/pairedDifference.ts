/**
 * Two-sided comparison of two columns paired by item, from the items' differences, with the cluster as its unit.
 *
 * As in contrast.ts two tests must agree, so p is the larger of the cluster t test's and the studentised bootstrap's,
 * and the interval reaches as far as either's. So the interval excludes 0 exactly where both tests do, at its level.
 */
import type { ClusterDraws } from "../statistics/ClusterResampler.ts";
import { effectSize } from "../statistics/effectSize.ts";
import { meanTest } from "../statistics/meanTest.ts";
import { studentisedBootstrap } from "../statistics/studentisedBootstrap.ts";
import { studentUpperTail } from "../statistics/studentT.ts";

export interface PairedDifference {
  readonly n: number;
  readonly clusters: number;
  /** Mean of first − second over the items; null without items. */
  readonly difference: number | null;
  /** 95 %. */
  readonly low: number | null;
  readonly high: number | null;
  /** Cohen's d_z and Hedges' g_z of the items' differences. */
  readonly d: number | null;
  readonly g: number | null;
  /** Two-sided. */
  readonly p: number | null;
  /** Why something is missing; empty where nothing is. */
  readonly reason: string;
}

export function nothingPaired(reason: string): PairedDifference {
  return { n: 0, clusters: 0, difference: null, low: null, high: null, d: null, g: null, p: null, reason };
}

/**
 * values: [n], first − second; clusters: [n]; draws: null leaves p out, for what is shown without a claim.
 * Differences that are the same in all clusters have no standard error: p is then that of the sign test, 2^(1−G), and
 * 1 where all are 0.
 */
export function pairedDifference(
  values: readonly number[],
  clusters: readonly string[],
  draws: ClusterDraws | null,
): PairedDifference {
  if (values.length === 0) return nothingPaired("no item has all the values it needs");
  const test = meanTest(values, clusters);
  if (!test.defined) {
    const count = new Set(clusters).size;
    const difference = values.reduce((total, value) => total + value / values.length, 0);
    return { ...nothingPaired(test.reason), n: values.length, clusters: count, difference };
  }
  const base = { n: test.n, clusters: test.clusters, difference: test.mean };
  if (test.degenerate) {
    const p = test.mean === 0 ? 1 : Math.min(1, 2 ** (1 - test.clusters));
    const reason = test.mean === 0 ? "" : "the difference is the same in all clusters: it has no standard error";
    return { ...base, low: test.mean, high: test.mean, d: null, g: null, p: draws === null ? null : p, reason };
  }
  const effect = effectSize(values, clusters);
  const { d, g } = effect.defined ? effect : { d: null, g: null };
  if (draws === null) return { ...base, low: test.low, high: test.high, d, g, p: null, reason: "" };
  const byT = 2 * Math.min(test.p, studentUpperTail(-test.t, test.df));
  const second = studentisedBootstrap(values, clusters, draws);
  if (!second.defined) return { ...base, low: null, high: null, d, g, p: 1, reason: second.reason };
  const { interval } = second;
  return {
    ...base,
    low: interval.defined ? Math.min(test.low, interval.low) : null,
    high: interval.defined ? Math.max(test.high, interval.high) : null,
    d,
    g,
    p: Math.min(1, Math.max(byT, 2 * Math.min(second.p, second.pBelow))),
    reason: interval.defined ? "" : interval.reason,
  };
}
