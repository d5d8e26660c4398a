import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { sampleGenerator } from "../sampling.ts";

/**
 * The random numbers, 0 to 1, of one sample of a prompt: the embedded engine's own, one a token. So a seed means the
 * same to both engines, and two that agree on the logits draw the same tokens.
 */
export function samplingNumbers(seed: number, sample: number, count: number): number[] {
  const generator = sampleGenerator(seed, sample);
  return Array.from({ length: count }, () => uniformFloat64(generator));
}
