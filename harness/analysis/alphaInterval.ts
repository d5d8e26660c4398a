/**
 * Krippendorff's alpha with a percentile interval from resampling whole clusters of units (Hayes & Krippendorff 2007,
 * Commun Methods Meas 1:77–89, bootstrap single ratings; units that share a cluster are not independent, hence whole
 * clusters here). For display.
 */
import { quantile } from "simple-statistics";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { krippendorffAlpha } from "../statistics/krippendorffAlpha.ts";

const RESAMPLES = 199;
/** A few resamples may hold equal ratings only; with more there is no interval. */
const MOST_UNDEFINED = 0.05;

export type Level = "nominal" | "ordinal" | "interval";

export interface AlphaInterval {
  readonly alpha: number;
  /** 95 %; null where there are too few clusters or too many resamples have no value. */
  readonly low: number | null;
  readonly high: number | null;
  readonly units: number;
  readonly ratings: number;
}

/** ratings: [units][raters], null where there is none; clusters: [units]. Undefined as krippendorffAlpha is. */
export function alphaInterval(
  ratings: readonly (readonly (number | null)[])[],
  clusters: readonly string[],
  level: Level,
  seed: number,
): Estimate<AlphaInterval> {
  const whole = krippendorffAlpha(ratings, level);
  if (!whole.defined) return whole;
  const { alpha, units, ratings: count } = whole;
  const names = [...new Set(clusters)];
  const none = { defined: true, alpha, low: null, high: null, units, ratings: count } as const;
  if (names.length < 2) return none;
  const byCluster = names.map((name) => ratings.filter((_, i) => clusters[i] === name));
  const draws = new ClusterResampler(seed, RESAMPLES).draws(names.length);
  const values: number[] = [];
  for (let r = 0; r < RESAMPLES; r++) {
    const drawn = byCluster.flatMap((rows, g) =>
      Array.from({ length: draws[r * names.length + g] as number }, () => rows).flat(),
    );
    const one = krippendorffAlpha(drawn, level);
    if (one.defined) values.push(one.alpha);
  }
  if (values.length < (1 - MOST_UNDEFINED) * RESAMPLES) return none;
  return { ...none, low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
