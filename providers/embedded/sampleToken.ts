import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

export interface SampleSettings {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Only so many of the most likely tokens are drawn from. */
  readonly topK?: number;
  /** Only the most likely tokens that together have this probability are drawn from, 0 to 1. */
  readonly topP?: number;
}

/**
 * The smallest logit that is drawn from: top-k first (Fan et al. 2018, arXiv 1805.04833), then the nucleus of what is
 * left (Holtzman et al. 2020, arXiv 1904.09751), as in transformers. Equals of the last one in are in too.
 */
export function smallestKept(logits: Float32Array, { temperature, topK, topP }: SampleSettings): number {
  if (topK === undefined && topP === undefined) return Number.NEGATIVE_INFINITY;
  const sorted = Float32Array.from(logits).sort().reverse();
  const limit = Math.min(topK ?? sorted.length, sorted.length);
  const lowest = sorted[limit - 1] as number;
  if (topP === undefined) return lowest;
  const kept = sorted.filter((value) => value >= lowest);
  const shares = Array.from(kept, (value) => Math.exp((value - (kept[0] as number)) / temperature));
  const enough = topP * shares.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (const [i, share] of shares.entries()) {
    sum += share;
    if (sum >= enough) return kept[i] as number;
  }
  return lowest;
}

/** One draw from softmax(logits / temperature) by inversion, over the tokens that are kept; of equals the first. */
export function sampleToken(logits: Float32Array, settings: SampleSettings, random: RandomGenerator): number {
  const { temperature } = settings;
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i;
  if (temperature === 0) return best;
  const top = logits[best] as number;
  const lowest = smallestKept(logits, settings);
  const shares = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit < lowest) continue;
    const share = Math.exp((logit - top) / temperature);
    shares[i] = share;
    total += share;
  }
  let rest = uniformFloat64(random) * total;
  for (let i = 0; i < shares.length; i++) {
    rest -= shares[i] as number;
    if (rest < 0) return i;
  }
  return best;
}
