/**
 * Tests against margins by two one-sided cluster t tests (Schuirmann 1987, J Pharmacokinet Biopharm 15:657–680).
 *
 *   equivalence, low < mean < high:  p = max(P(T_df > (ȳ − low)/se), P(T_df > (high − ȳ)/se))
 *   non-inferiority, mean > low:     p = P(T_df > (ȳ − low)/se)
 *
 * with the CR2 standard error and Satterthwaite df of clusterMean. No correction for two tests: both must hold
 * (Berger 1982, Technometrics 24:295–300). Equivalence holds at α exactly where the interval of level 1 − 2α lies
 * between the margins.
 */
import { type ClusterMean, clusterMean } from "./clusterMean.ts";
import type { Estimate } from "./estimate.ts";
import { studentUpperTail } from "./studentT.ts";

export interface MarginTest extends ClusterMean {
  /** p-value of the claim, 0 to 1. */
  readonly p: number;
  /** p-values of its sides: mean > low, and mean < high (null where there is no such margin). */
  readonly pLow: number;
  readonly pHigh: number | null;
  /**
   * All cluster means are the same, so there is no t: p is then 2^−clusters for a mean beyond the margin (the sign
   * test's smallest), ½ on it and 1 short of it.
   */
  readonly degenerate: boolean;
}

/**
 * values: [n], finite; clusters: [n]; low < high, in the values' unit. The interval has level 1 − 2·alpha.
 * Undefined as clusterMean is. Throws RangeError as clusterMean does, and for margins that are no interval.
 */
export function equivalenceTest(
  values: readonly number[],
  clusters: readonly string[],
  margins: { readonly low: number; readonly high: number },
  alpha = 0.025,
): Estimate<MarginTest> {
  const { low, high } = margins;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new RangeError(`margins must be finite and in order, not ${low} and ${high}`);
  }
  const estimate = clusterMean(values, clusters, { level: 1 - 2 * alpha });
  if (!estimate.defined) return estimate;
  const [pLow, pHigh] = [exceeds(estimate, estimate.mean - low), exceeds(estimate, high - estimate.mean)];
  return { ...estimate, p: Math.max(pLow, pHigh), pLow, pHigh, degenerate: estimate.se === 0 };
}

/** As equivalenceTest, with a lower margin only: is the mean above `low`? */
export function nonInferiority(
  values: readonly number[],
  clusters: readonly string[],
  low: number,
  alpha = 0.025,
): Estimate<MarginTest> {
  if (!Number.isFinite(low)) throw new RangeError(`a margin must be finite, not ${low}`);
  const estimate = clusterMean(values, clusters, { level: 1 - 2 * alpha });
  if (!estimate.defined) return estimate;
  const p = exceeds(estimate, estimate.mean - low);
  return { ...estimate, p, pLow: p, pHigh: null, degenerate: estimate.se === 0 };
}

/** One-sided p-value that a distance, known with the mean's standard error, is above 0. */
function exceeds({ se, df, clusters }: ClusterMean, distance: number): number {
  if (se > 0) return studentUpperTail(distance / se, df);
  return distance > 0 ? 2 ** -clusters : distance < 0 ? 1 : 0.5;
}
