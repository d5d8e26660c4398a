/**
 * A one-sided test of the mean of values that may reach down to a bound, which no sample need show (Gaffke
 * 2005, Math Methods Stat 14:318–341; Learned-Miller & Thomas 2020, arXiv 1905.06208):
 *
 *   p = P( W_0 L + Σ_g W_g S_g ≤ 0 ),   W_0 … W_G independent, exponential,
 *
 * S_g the sum of cluster g's values, L the smallest sum that a cluster can have. The weights divided by their sum are the
 * spacings of G uniform order statistics, so this is the chance that a distribution drawn from what the sample leaves
 * open, with L for what lies below it, has a mean of at most 0. A Bayesian bootstrap (Rubin 1981, Ann Stat 9:130–134)
 * to which one more cluster is added, as bad as can be. Whatever the shape of the distribution above L, it is right at
 * every size in all that has been tried; nobody has proved it (Phan, Thomas & Learned-Miller 2021, arXiv 2106.03163).
 *
 * Resampling cannot show what the sample does not hold; this reckons with it.
 */
import type { ClusterWeights } from "./ClusterResampler.ts";

/**
 * sums: [G], finite; lowest: finite, at most the smallest sum. `p` for a mean above 0, from 1/(B + 1) to 1.
 * Throws RangeError for no sums, for a value that is not finite, and for a sum below `lowest`.
 */
export function gaffkeTest(sums: readonly number[], lowest: number, resampler: ClusterWeights): number {
  const count = sums.length;
  if (count === 0) throw new RangeError("the test takes at least one cluster");
  if (![lowest, ...sums].every(Number.isFinite)) throw new RangeError(`not finite: ${[lowest, ...sums].join(", ")}`);
  const least = Math.min(...sums);
  if (least < lowest) throw new RangeError(`a sum of ${least} lies below the bound ${lowest}`);
  const weights = resampler.weights(count + 1);
  let below = 0;
  for (let start = 0; start < weights.length; start += count + 1) {
    let total = (weights[start] as number) * lowest;
    for (let g = 0; g < count; g++) total += (weights[start + 1 + g] as number) * (sums[g] as number);
    if (total <= 0) below++;
  }
  return (1 + below) / (resampler.resamples + 1);
}
