/**
 * Which of several layers has a mean above 0, with the chance of any false one held: sign flips of whole clusters,
 * the same in every layer, give the distribution of the largest t under the null, correlation between layers kept.
 *
 *   adjusted p of layer l = share of flips with max_k t_k(s) ≥ t_l     (single-step maxT)
 *
 * Westfall & Young 1993, Resampling-Based Multiple Testing, 2.4; for images Nichols & Holmes 2002, Hum Brain Mapp
 * 15:1–25. t(s) and its assumptions are those of signFlip.ts. Layers on which all flips have the same t (all values
 * 0) have p = 1 and take no part in the maximum of the others beyond 0.
 */
import type { ClusterFlips } from "./ClusterResampler.ts";
import { clusterSums } from "./clusterSums.ts";
import type { Estimate } from "./estimate.ts";
import { clusterTotals, flipP, flippedT } from "./signFlip.ts";

export interface PermutationMax {
  readonly clusters: number;
  /** The layer with the largest t, the first of those that tie, and its adjusted p: that of the global null. */
  readonly layer: number;
  readonly p: number;
  /** [layers] p-values for a mean above 0, adjusted for all layers; never 0. */
  readonly adjusted: readonly number[];
  readonly flips: number;
  /** Whether the flips are all sign patterns there are. */
  readonly exact: boolean;
}

/**
 * layers: [layers, n], finite; clusters: [n], the cluster of each item in every layer.
 * Undefined without layers or items. Throws RangeError for a value that is not finite or rows of different lengths.
 */
export function permutationMax(
  layers: readonly (readonly number[])[],
  clusters: readonly string[],
  resampler: ClusterFlips,
): Estimate<PermutationMax> {
  const sums = layers.map((values) => clusterSums(values, clusters));
  const count = sums[0]?.sizes.length ?? 0;
  if (count === 0) return { defined: false, reason: "there are no values to flip" };
  const flips = resampler.flips(count);
  const unflipped = new Int8Array(count).fill(1);
  const observed: number[] = [];
  const largest = new Float64Array(flips.count).fill(-Infinity);
  for (const layer of sums) {
    const totals = clusterTotals(layer);
    observed.push(flippedT(totals, layer, unflipped)[0] as number);
    for (const [index, t] of flippedT(totals, layer, flips.signs).entries()) {
      if (t > (largest[index] as number)) largest[index] = t;
    }
  }
  const adjusted = observed.map((t) => flipP(largest, t, flips));
  const layer = observed.indexOf(Math.max(...observed));
  return {
    defined: true,
    clusters: count,
    layer,
    p: adjusted[layer] as number,
    adjusted,
    flips: flips.count,
    exact: flips.exact,
  };
}
