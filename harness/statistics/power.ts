/**
 * Power of the one-sided cluster t test: what it can see, and how many clusters it would take.
 *
 *   power = P(T_{G−1, δ} > t_{1−α, G−1}),   δ = effect · √G / sd
 *
 * with T noncentral t (Cohen 1988, Statistical Power Analysis, 2.5; Johnson, Kotz & Balakrishnan 1995, vol. 2, 31).
 * Exact for independent normal cluster means of clusters of one size. sd is the standard deviation of cluster means,
 * se · √clusters of clusterMean. Power of an effect as observed is no evidence beyond the p-value (Hoenig & Heisey
 * 2001, Am Stat 55:19–24): use it to plan a new sample only.
 */
import { bisect } from "simple-statistics";
import type { Estimate } from "./estimate.ts";
import { nonCentralUpperTail } from "./nonCentralT.ts";
import { studentQuantile } from "./studentT.ts";

export interface PowerSettings {
  /** Standard deviation of cluster means, above 0. */
  readonly sd: number;
  /** One-sided; 0.025 unless given. */
  readonly alpha?: number;
  /** 0.8 unless given; above alpha. */
  readonly power?: number;
}

/** The most clusters that are searched. */
const MOST_CLUSTERS = 1_000_000;

/** Power at an effect, in the unit of sd; clusters: a whole number from 2. Throws RangeError for impossible settings. */
export function powerOf(effect: number, clusters: number, settings: PowerSettings): number {
  const { sd, alpha } = check(settings);
  checkClusters(clusters);
  checkEffect(effect);
  return powerAt((effect / sd) * Math.sqrt(clusters), clusters, alpha);
}

/** The mean that is found with the given power, in the unit of sd. Undefined where it is beyond the range of floats. */
export function smallestDetectable(clusters: number, settings: PowerSettings): Estimate<{ readonly effect: number }> {
  const { sd, alpha, power } = check(settings);
  checkClusters(clusters);
  const short = (noncentrality: number): number => powerAt(noncentrality, clusters, alpha) - power;
  let high = 4;
  while (short(high) < 0) {
    high *= 2;
    if (high > 512) return { defined: false, reason: `no effect is found by ${clusters} clusters at that level` };
  }
  const effect = (bisect(short, 0, high, 200, 1e-12) / Math.sqrt(clusters)) * sd;
  return Number.isFinite(effect) ? { defined: true, effect } : { defined: false, reason: "the effect is beyond range" };
}

/**
 * The fewest clusters that find an effect with the given power. Undefined for an effect that is not above 0, or one so
 * small that a million clusters are too few. Throws RangeError for an effect that is not finite.
 */
export function clustersNeeded(effect: number, settings: PowerSettings): Estimate<{ readonly clusters: number }> {
  const { sd, alpha, power } = check(settings);
  checkEffect(effect);
  if (effect <= 0) return { defined: false, reason: "the effect points the other way: no number of clusters would do" };
  const enough = (clusters: number): boolean => powerAt((effect / sd) * Math.sqrt(clusters), clusters, alpha) >= power;
  let high = 2;
  while (!enough(high)) {
    if (high === MOST_CLUSTERS) return { defined: false, reason: `${MOST_CLUSTERS} clusters would be too few` };
    high = Math.min(2 * high, MOST_CLUSTERS);
  }
  let low = 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return { defined: true, clusters: high };
}

/**
 * Standard deviation of a difference of paired shares, to plan with: √(ψ − Δ²) for the share ψ of pairs that differ
 * and the difference Δ of shares (Connor 1987, Biometrics 43:207–211). Against a margin a, the effect is Δ + a.
 * Throws RangeError unless 0 < ψ ≤ 1 and |Δ| ≤ ψ, and where all pairs differ in one direction.
 */
export function pairedShareSd(differing: number, difference: number): number {
  const variance = differing - difference * difference;
  if (!(differing > 0 && differing <= 1 && Math.abs(difference) <= differing && variance > 0)) {
    throw new RangeError(`shares cannot differ by ${difference} where ${differing} of the pairs differ`);
  }
  return Math.sqrt(variance);
}

function powerAt(noncentrality: number, clusters: number, alpha: number): number {
  const critical = -studentQuantile(alpha, clusters - 1);
  // Beyond ±500 the answer is 1 or 0 unless the critical value, which two clusters and a tiny α have, is as large.
  const bounded = Math.min(Math.max(noncentrality, -500), 500);
  return critical > 1000 ? 0 : nonCentralUpperTail(critical, clusters - 1, bounded);
}

function check({ sd, alpha = 0.025, power = 0.8 }: PowerSettings): Required<PowerSettings> {
  if (!(sd > 0 && sd < Infinity)) throw new RangeError(`a standard deviation must be above 0 and finite, not ${sd}`);
  if (!(alpha > 0 && alpha < power && power < 1)) {
    throw new RangeError(`needs 0 < alpha < power < 1, not alpha ${alpha} and power ${power}`);
  }
  return { sd, alpha, power };
}

function checkClusters(clusters: number): void {
  if (!(Number.isSafeInteger(clusters) && clusters >= 2 && clusters <= MOST_CLUSTERS)) {
    throw new RangeError(`clusters must be a whole number from 2 to ${MOST_CLUSTERS}, not ${clusters}`);
  }
}

function checkEffect(effect: number): void {
  if (!Number.isFinite(effect)) throw new RangeError(`an effect must be finite, not ${effect}`);
}
