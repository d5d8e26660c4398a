/**
 * Resamples of whole clusters, drawn once and shared by every contrast of a report.
 *
 * A draw takes G clusters of G with replacement; what matters of it is how often each was taken. A flip gives each
 * cluster a sign. All depend on the seed and on G alone, so that contrasts over the same number of clusters are
 * compared on the same resamples and no contrast depends on which others were computed before it.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { generatorFor } from "../random.ts";

export interface SignFlips {
  /** Number of flips. */
  readonly count: number;
  /** All 2^G sign patterns, the identity among them; else random ones. */
  readonly exact: boolean;
  /** [count, G], each 1 or −1. */
  readonly signs: Int8Array;
}

/** What a bootstrap needs of a resampler, and what a sign-flip test does. */
export type ClusterDraws = Pick<ClusterResampler, "resamples" | "draws">;
export type ClusterFlips = Pick<ClusterResampler, "flips">;
export type ClusterWeights = Pick<ClusterResampler, "resamples" | "weights">;

/** The most clusters of a resample: counts are stored in 16 bits. */
const MOST_CLUSTERS = 65_535;

export class ClusterResampler {
  readonly resamples: number;
  readonly #seed: number;
  readonly #draws = new Map<number, Uint16Array>();
  readonly #flips = new Map<number, SignFlips>();
  readonly #weights = new Map<number, Float32Array>();

  /**
   * seed: a whole number; resamples: from 1. With 9,999, p-values are multiples of 1/10,000 and the usual levels
   * are among them. Throws RangeError for others.
   */
  constructor(seed: number, resamples = 9999) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be a whole number: ${seed}`);
    if (!Number.isSafeInteger(resamples) || resamples < 1) {
      throw new RangeError(`resamples must be a whole number from 1: ${resamples}`);
    }
    this.#seed = seed;
    this.resamples = resamples;
  }

  /** [resamples, clusters]: how often each resample has each cluster; rows sum to `clusters`. */
  draws(clusters: number): Uint16Array {
    check(clusters);
    const known = this.#draws.get(clusters);
    if (known !== undefined) return known;
    const generator = generatorFor(this.#seed, "cluster draws", String(clusters));
    const counts = new Uint16Array(this.resamples * clusters);
    for (let start = 0; start < counts.length; start += clusters) {
      for (let i = 0; i < clusters; i++) (counts[start + uniformInt(generator, 0, clusters - 1)] as number)++;
    }
    this.#draws.set(clusters, counts);
    return counts;
  }

  /** [resamples, clusters], exponential with mean 1; a row divided by its sum is uniform on the simplex. */
  weights(clusters: number): Float32Array {
    check(clusters);
    const known = this.#weights.get(clusters);
    if (known !== undefined) return known;
    const generator = generatorFor(this.#seed, "cluster weights", String(clusters));
    const weights = new Float32Array(this.resamples * clusters);
    for (let i = 0; i < weights.length; i++) weights[i] = -Math.log(1 - uniformFloat64(generator));
    this.#weights.set(clusters, weights);
    return weights;
  }

  /** All sign patterns of the clusters, where those are no more than a random set and the identity would be. */
  flips(clusters: number): SignFlips {
    check(clusters);
    const known = this.#flips.get(clusters);
    if (known !== undefined) return known;
    const flips = 2 ** clusters <= this.resamples + 1 ? allFlips(clusters) : this.#randomFlips(clusters);
    this.#flips.set(clusters, flips);
    return flips;
  }

  #randomFlips(clusters: number): SignFlips {
    const generator = generatorFor(this.#seed, "sign flips", String(clusters));
    const signs = new Int8Array(this.resamples * clusters);
    let bits = 0;
    for (let i = 0; i < signs.length; i++) {
      // The lowest bits of this generator are its weakest (Blackman & Vigna 2021): take bits 31 to 16.
      bits = i % 16 === 0 ? generator.next() : bits << 1;
      signs[i] = bits < 0 ? -1 : 1;
    }
    return { count: this.resamples, exact: false, signs };
  }
}

function allFlips(clusters: number): SignFlips {
  const count = 2 ** clusters;
  const signs = new Int8Array(count * clusters);
  for (let i = 0; i < signs.length; i++) signs[i] = (Math.floor(i / clusters) >> (i % clusters)) & 1 ? -1 : 1;
  return { count, exact: true, signs };
}

function check(clusters: number): void {
  if (!Number.isSafeInteger(clusters) || clusters < 1 || clusters > MOST_CLUSTERS) {
    throw new RangeError(`clusters must be a whole number from 1 to ${MOST_CLUSTERS}: ${clusters}`);
  }
}
