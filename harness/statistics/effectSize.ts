/**
 * Standardised mean of paired contrasts: Cohen's d_z and Hedges' g_z.
 *
 *   d = ȳ / s,   s² = Σ_i (y_i − ȳ)² / (n − 1) over items (within and between clusters: what one item varies by)
 *   g = J(df) d,   J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2))
 *   interval: those d for which t = ȳ/se is no extreme value of a noncentral t with δ = d · s/se
 *
 * d_z: Cohen 1988, Statistical Power Analysis, 2.3.5; J: Hedges 1981, J Educ Stat 6:107–128, (6e); interval: Steiger
 * & Fouladi 1997. se and df are the cluster-robust ones of clusterMean. With clusters of one item s/se = √n and the
 * interval is exact for normal contrasts; else the design effect s/se is taken as known.
 */
import { bisect, gammaln } from "simple-statistics";
import { clusterMean } from "./clusterMean.ts";
import { checkLevel, type Estimate } from "./estimate.ts";
import { LARGEST_NONCENTRAL, nonCentralUpperTail } from "./nonCentralT.ts";

export interface EffectSize {
  readonly n: number;
  readonly clusters: number;
  /** Cohen's d_z, in standard deviations of the items' contrasts. */
  readonly d: number;
  /** Hedges' g_z: d without its bias for small samples; 0 < g/d < 1, and null with df of 1 or less, where J is 0. */
  readonly g: number | null;
  /** Of d; undefined for |t| too large for the noncentral t. */
  readonly interval: Estimate<{ readonly low: number; readonly high: number }>;
}

/**
 * values: [n], finite; clusters: [n]; level: two-sided coverage, 0 < level < 1.
 * Undefined with fewer than two clusters or without variance between clusters. Throws RangeError as clusterMean does.
 */
export function effectSize(values: readonly number[], clusters: readonly string[], level = 0.95): Estimate<EffectSize> {
  checkLevel(level);
  // d has no unit: scaled by the largest value, no square overflows.
  const largest = values.reduce((maximum, value) => Math.max(maximum, Math.abs(value)), 0);
  const scaled = largest === 0 ? values : values.map((value) => value / largest);
  const estimate = clusterMean(scaled, clusters);
  if (!estimate.defined) return estimate;
  const { n, mean, se, df } = estimate;
  if (se === 0) return { defined: false, reason: "the cluster means do not vary: there is nothing to standardise by" };
  const squares = scaled.reduce((total, value) => total + (value - mean) ** 2, 0);
  const sd = Math.sqrt(squares / (n - 1));
  const d = mean / sd;
  // Rounding may leave df a digit below the 1 that it cannot fall short of.
  const ends = { t: mean / se, df: Math.max(1, df), ratio: se / sd, q: (1 - level) / 2 };
  return { defined: true, n, clusters: estimate.clusters, d, g: hedges(d, df), interval: interval(ends) };
}

function hedges(d: number, df: number): number | null {
  if (!(df > 1 + 1e-9)) return null;
  return d * Math.exp(gammaln(df / 2) - gammaln((df - 1) / 2) - Math.log(df / 2) / 2);
}

function interval({ t, df, ratio, q }: { t: number; df: number; ratio: number; q: number }): EffectSize["interval"] {
  const reach = Math.abs(t);
  if (reach > LARGEST_NONCENTRAL / 4) {
    return { defined: false, reason: `t is ${t.toPrecision(3)}, too large for an interval of the effect size` };
  }
  // P(T > t) rises with δ.
  const limit = LARGEST_NONCENTRAL;
  const solve = (tail: number): number | null => {
    const excess = (noncentrality: number): number => nonCentralUpperTail(t, df, noncentrality) - tail;
    let bound = 8 + 2 * reach;
    while (excess(-bound) > 0 || excess(bound) < 0) {
      bound *= 2;
      if (bound > limit) return null;
    }
    return bisect(excess, -bound, bound, 200, 1e-9) * ratio;
  };
  const [low, high] = [solve(q), solve(1 - q)];
  if (low === null || high === null)
    return { defined: false, reason: "no effect size is far enough from the one seen" };
  return { defined: true, low, high };
}
