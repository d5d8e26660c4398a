/** A one-sided test that a per-item contrast is positive on average, with the cluster as its unit. */
import { meanTest } from "../statistics/meanTest.ts";
import { studentQuantile, studentUpperTail } from "../statistics/studentT.ts";

export interface Contrast {
  readonly name: string;
  readonly n: number;
  readonly clusters: number;
  readonly mean: number;
  readonly se: number;
  readonly t: number;
  /** One-sided, for a mean above 0, and for one below. */
  readonly p: number;
  readonly pBelow: number;
  /** Items that would give power 0.8 if the effect is as observed; null where it points the wrong way. */
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
  alpha: number,
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
  return {
    ...base,
    p: test.p,
    pBelow: studentUpperTail(-test.t, test.df),
    itemsNeeded: itemsNeeded(test.t, test.df, test.n, alpha),
  };
}

/** Items that would give a one-sided test at alpha power 0.8 if t grows with their root; null where it is not above 0. */
export function itemsNeeded(t: number, df: number, n: number, alpha: number): number | null {
  const wanted = -studentQuantile(alpha, df) - studentQuantile(0.2, df);
  return t > 0 ? Math.ceil(n * (wanted / t) ** 2) : null;
}
