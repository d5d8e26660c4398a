import type { Share } from "./arithmeticBits.ts";

/** Counts that the probabilities of all tokens together become: 28 bits. */
const SCALE = 2 ** 28;
/** The text ends after each token with probability 1 in so many: 0.05 bits a token, and 5 bits at the end. */
const END_ODDS = 32;

/** No token: the text ends. */
export const END = -1;

/**
 * Next-token probabilities as whole numbers, which encoder and decoder must have alike: count = 1 + ⌊p · 2^28⌋ of each
 * token, so that none is impossible, in the order of their ids, and last the end of the text. Sums and exponentials in
 * double precision; with a vocabulary of 2^18 the ones cost 0.0014 bits a token.
 */
export class TokenCounts {
  private readonly counts: Float64Array;
  private readonly tokens: number;
  readonly total: number;

  /** @param logits float32 [vocabulary]; all equal where the model has nothing to go by. */
  constructor(logits: Float32Array) {
    let most = Number.NEGATIVE_INFINITY;
    for (const logit of logits) most = Math.max(most, logit);
    const weights = Float64Array.from(logits, (logit) => Math.exp(logit - most));
    let sum = 0;
    for (const weight of weights) sum += weight;
    if (!Number.isFinite(sum)) throw new Error("the model's logits are no numbers");
    let tokens = 0;
    this.counts = weights;
    for (let id = 0; id < weights.length; id++) {
      const count = 1 + Math.floor(((weights[id] as number) / sum) * SCALE);
      this.counts[id] = count;
      tokens += count;
    }
    this.tokens = tokens;
    this.total = tokens + Math.floor(tokens / (END_ODDS - 1));
  }

  shareOf(id: number): Share {
    const { total, tokens } = this;
    if (id === END) return { from: tokens, to: total, total };
    let from = 0;
    for (let before = 0; before < id; before++) from += this.counts[before] as number;
    return { from, to: from + (this.counts[id] as number), total };
  }

  /** Whose share holds the count `at`, 0 ≤ at < total. */
  tokenAt(at: number): number {
    if (at >= this.tokens) return END;
    let until = 0;
    for (let id = 0; id < this.counts.length; id++) {
      until += this.counts[id] as number;
      if (at < until) return id;
    }
    throw new Error(`no token holds count ${at} of ${this.total}`);
  }
}
