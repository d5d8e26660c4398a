import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/**
 * One draw from softmax(logits / temperature) by inversion, over the whole vocabulary; temperature 0 takes the
 * most likely token (the first of equals).
 */
export function sampleToken(logits: Float32Array, temperature: number, random: RandomGenerator): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i;
  if (temperature === 0) return best;
  const top = logits[best] as number;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(((logits[i] as number) - top) / temperature);
  let rest = uniformFloat64(random) * total;
  for (let i = 0; i < logits.length; i++) {
    rest -= Math.exp(((logits[i] as number) - top) / temperature);
    if (rest < 0) return i;
  }
  return best;
}
