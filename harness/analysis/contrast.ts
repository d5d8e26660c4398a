/**
 * A one-sided test that a per-item contrast is positive on average, with the cluster as its unit.
 *
 * Two tests must agree: the cluster-robust t test and the studentised bootstrap. Each covers the other's failure, t
 * under skewness (7 to 13 % false claims at nominal 2.5 % for lognormal tails and 24 to 40 clusters, against 4 to 7 %
 * for both), the bootstrap under heavy tails (tests/oracles/testSizes.py).
 */
import type { ClusterDraws } from "../statistics/ClusterResampler.ts";
import { meanTest } from "../statistics/meanTest.ts";
import { clustersNeeded } from "../statistics/power.ts";
import { studentisedBootstrap } from "../statistics/studentisedBootstrap.ts";
import { studentUpperTail } from "../statistics/studentT.ts";

export interface TestSettings {
  readonly alpha: number;
  /** Resamples that all contrasts of a report share. */
  readonly draws: ClusterDraws;
}

export interface Contrast {
  readonly name: string;
  readonly n: number;
  readonly clusters: number;
  readonly mean: number;
  readonly se: number;
  readonly t: number;
  /** One-sided, for a mean above 0, and for one below: of the two tests the larger. */
  readonly p: number;
  readonly pBelow: number;
  /** Items that would give power 0.8 if the effect is as observed; null where no number would. */
  readonly itemsNeeded: number | null;
}

export type ContrastResult = Contrast | { readonly name: string; readonly untestable: string };

export function testable(result: ContrastResult): result is Contrast {
  return !("untestable" in result);
}

export function contrast(
  name: string,
  values: readonly number[],
  clusters: readonly string[],
  { alpha, draws }: TestSettings,
): ContrastResult {
  if (values.length === 0) return { name, untestable: "no item has all the values it needs" };
  const test = meanTest(values, clusters);
  if (!test.defined) return { name, untestable: test.reason };
  const base = { name, n: test.n, clusters: test.clusters, mean: test.mean, se: test.se, t: test.t };
  if (test.degenerate) {
    // All contrasts are equal, so no variance can be had: the sign test's smallest p-value is what k clusters can show.
    const smallest = 2 ** -test.clusters;
    const p = test.mean > 0 ? smallest : test.mean < 0 ? 1 : 0.5;
    return {
      ...base,
      p,
      pBelow: test.mean < 0 ? smallest : test.mean > 0 ? 1 : 0.5,
      itemsNeeded: test.mean > 0 ? test.n : null,
    };
  }
  const [p, pBelow] = [test.p, studentUpperTail(-test.t, test.df)];
  // The second test is asked only where the first would let a claim through.
  const second = Math.min(p, pBelow) < alpha ? studentisedBootstrap(values, clusters, draws) : null;
  return {
    ...base,
    p: second === null ? p : Math.max(p, second.defined ? second.p : 1),
    pBelow: second === null ? pBelow : Math.max(pBelow, second.defined ? second.pBelow : 1),
    itemsNeeded: itemsNeeded(base, alpha),
  };
}

/** Items that would give a one-sided test at alpha power 0.8, in clusters of the present size; null where none would. */
export function itemsNeeded(
  { n, clusters, mean, se }: Pick<Contrast, "n" | "clusters" | "mean" | "se">,
  alpha: number,
): number | null {
  const needed = clustersNeeded(mean, { sd: se * Math.sqrt(clusters), alpha });
  return needed.defined ? Math.ceil((needed.clusters * n) / clusters) : null;
}
