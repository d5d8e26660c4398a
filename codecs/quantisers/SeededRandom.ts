/** Seeded randomness for training: a generator a purpose, so that what is drawn depends on names and not on order. */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

export class SeededRandom {
  private readonly generator: RandomGenerator;

  constructor(seed: number, ...purpose: readonly (string | number)[]) {
    const digest = createHash("sha256")
      .update(JSON.stringify([seed, ...purpose]))
      .digest();
    this.generator = xoroshiro128plus(digest.readInt32LE());
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    return uniformInt(this.generator, 0, limit - 1);
  }

  /** From 0 to below 1, in steps of 2^-32. */
  uniform(): number {
    return (this.generator.next() >>> 0) / 2 ** 32;
  }

  /** Standard normal (Box and Muller 1958). */
  gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  gaussians(count: number, deviation = 1): Float32Array {
    return Float32Array.from({ length: count }, () => deviation * this.gaussian());
  }

  /** `count` different indices below `limit`, in drawn order (Fisher and Yates, as far as needed). */
  sample(limit: number, count: number): Uint32Array {
    const all = Uint32Array.from({ length: limit }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + this.below(limit - i);
      [all[i], all[j]] = [all[j] as number, all[i] as number];
    }
    return all.slice(0, count);
  }
}
