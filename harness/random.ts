/** Seeded randomness that depends on names, not on the order of calls. */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** A 32-bit seed from a run's seed and the names of what it is for. */
export function seedFor(seed: number, ...names: readonly string[]): number {
  return createHash("sha256")
    .update(JSON.stringify([seed, ...names]))
    .digest()
    .readInt32LE();
}

export function generatorFor(seed: number, ...names: readonly string[]): RandomGenerator {
  return xoroshiro128plus(seedFor(seed, ...names));
}

/** A permutation by Fisher and Yates (Durstenfeld 1964). */
export function shuffled<T>(values: readonly T[], random: RandomGenerator): T[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
