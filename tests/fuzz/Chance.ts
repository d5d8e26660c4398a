import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Choices that follow from a seed. */
export class Chance {
  private readonly random: RandomGenerator;

  constructor(seed: number) {
    // Neighbouring seeds give unlike sequences.
    this.random = xoroshiro128plus(Math.imul(seed + 1, 0x9e3779b1));
    for (let i = 0; i < 4; i++) this.random.next();
  }

  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number {
    return uniformInt(this.random, 0, limit - 1);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @param values at least one */
  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}
