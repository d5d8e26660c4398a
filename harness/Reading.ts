/** What a provider showed of one condition of one item, and of the item as a whole. */
import type { Item } from "../suites/Suite.ts";

/** One continuation, teacher-forced after a condition; arrays run over its tokens. */
export interface ContinuationReading {
  /** KL(original ‖ condition) of the distributions that predict the token, nats. */
  readonly kl: readonly number[];
  readonly sameTop: readonly boolean[];
  readonly logProb: readonly number[];
}

export interface ConditionReading {
  readonly name: string;
  readonly text: string;
  /** Tokens of the context. */
  readonly tokens: number;
  /** Empty where the condition is read without continuations. */
  readonly continuations: readonly ContinuationReading[];
  /** Log-probabilities of the tokens of the answer to the question on the changed fact, and of the decoy's answer. */
  readonly answer: readonly number[] | null;
  readonly decoyAnswer: readonly number[] | null;
  /** Log-probabilities of the original's tokens, said after the frame. */
  readonly reconstruction: readonly number[] | null;
  /** State at the last token of `after`: [layers + 1][width], the embedding first. */
  readonly states: readonly Float32Array[];
  /** Mean final-norm state over the context's tokens; null for an empty context. */
  readonly pooled: Float32Array | null;
}

export interface ItemReading {
  readonly item: Item;
  readonly conditions: ReadonlyMap<string, ConditionReading>;
  /** Mean state of the reference corpus at the same place, [layers + 1][width]. */
  readonly mean: readonly Float32Array[];
  readonly hasDecoy: boolean;
  readonly bands: readonly Band[];
}

/** A stretch of depth, as state indices: hidden.from … hidden.to, both included. */
export interface Band {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Shares of depth as state indices; hidden.(L+1), the state after block L, stands at depth (L+1)/layers. */
export function bandsOf(shares: readonly (readonly [number, number])[], layers: number): Band[] {
  return shares.map(([low, high]) => ({
    name: `${Math.round(low * 100)}-${Math.round(high * 100)}%`,
    from: Math.min(Math.floor(low * layers) + 1, layers),
    to: Math.max(Math.floor(high * layers), Math.min(Math.floor(low * layers) + 1, layers)),
  }));
}

/** Indices of the states that the bands hold, ascending. */
export function bandStates(bands: readonly Band[]): number[] {
  const all = bands.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  return [...new Set(all)].sort((a, b) => a - b);
}
