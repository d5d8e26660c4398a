/** What a provider showed of one condition of one item, and of the item as a whole. */
import type { AttentionSummary, NamedToken, Scored } from "../providers/contract.ts";
import type { Item } from "../suites/Suite.ts";
import type { CorpusGeometry } from "./CorpusGeometry.ts";
import type { SaidAnswer } from "./readAnswers.ts";

/** What is observed only where a measure asks for it, because it costs time. */
export type Extra =
  | "jensen-shannon"
  | "reverse"
  | "paraphrases"
  | "embedding"
  | "attention"
  | "answers"
  | "restatement";

/** One continuation, teacher-forced after a condition; arrays run over its tokens. */
export interface ContinuationReading {
  /** KL(original ‖ condition) of the distributions that predict the token, nats. */
  readonly kl: readonly number[];
  readonly sameTop: readonly boolean[];
  /** Whether the token occurs in the original. */
  readonly copied: readonly boolean[];
  /** Jensen–Shannon divergence of the same distributions, nats; null where it was not asked for. */
  readonly js: readonly number[] | null;
}

export interface ConditionReading {
  readonly name: string;
  readonly text: string;
  /** Tokens of the context. */
  readonly tokens: number;
  /** Empty where the condition is read without continuations, or no distributions are shown. */
  readonly continuations: readonly ContinuationReading[];
  /** Log-probabilities of the same continuations' tokens, also where no distributions are shown. */
  readonly continued: readonly Scored[];
  /** Log-probabilities of the tokens of the answer to the question on the changed fact, and of the decoy's answer. */
  readonly answer: Scored | null;
  readonly decoyAnswer: Scored | null;
  /** Log-probabilities of the original's tokens, said after the frame. */
  readonly reconstruction: Scored | null;
  /** Log-probabilities of the tokens of the first paraphrase and of the decoy's, said after the frame. */
  readonly paraphrase: Scored | null;
  readonly decoyParaphrase: Scored | null;
  /**
   * KL(condition ‖ original) along continuations that the model gives to the condition, nats, [continuations][tokens];
   * null where they were not asked for.
   */
  readonly reverse: readonly (readonly number[])[] | null;
  /** State at the last token of `after`: [layers + 1][width], the embedding first. */
  readonly states: readonly Float32Array[];
  /** Mean final-norm state over the context's tokens; null for an empty context. */
  readonly pooled: Float32Array | null;
  /** Sentence embedding of the text alone; null for an empty text, or where it was not asked for. */
  readonly embedding: Float32Array | null;
  /** At the tokens of `after`; null where it was not asked for. */
  readonly attention: AttentionSummary | null;
  /** The most likely tokens after the frame, from a provider that shows only those; null elsewhere. */
  readonly nextTokens: readonly NamedToken[] | null;
  /** What the model answers to the item's questions, in their order; null where it was not asked. */
  readonly answers: readonly SaidAnswer[] | null;
  /** How the model goes on after the frame; null where it was not asked for. */
  readonly restatement: string | null;
}

export interface ItemReading {
  readonly item: Item;
  readonly conditions: ReadonlyMap<string, ConditionReading>;
  /** Mean state of the reference corpus at the same place, [layers + 1][width]. */
  readonly mean: readonly Float32Array[];
  /** What else is known of the corpus' states, by state index: at the middle of each band, where it was asked for. */
  readonly geometry: ReadonlyMap<number, CorpusGeometry>;
  /** Mean sentence embedding of the corpus; null where it was not asked for. */
  readonly embeddingMean: Float32Array | null;
  readonly hasDecoy: boolean;
  readonly bands: readonly Band[];
}

/** A stretch of depth, as state indices: hidden.from … hidden.to, both included. */
export interface Band {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The only band where the state after the last norm is all that is shown. */
export const FINAL: Band = { name: "final", from: 0, to: 0 };

/** Shares of depth as state indices; hidden.(L+1), the state after block L, stands at depth (L+1)/layers. */
export function bandsOf(shares: readonly (readonly [number, number])[], layers: number): Band[] {
  return shares.map(([low, high]) => ({
    name: `${Math.round(low * 100)}-${Math.round(high * 100)}%`,
    from: Math.min(Math.floor(low * layers) + 1, layers),
    to: Math.max(Math.floor(high * layers), Math.min(Math.floor(low * layers) + 1, layers)),
  }));
}

/** The state index that stands for a band where a measure looks at one state only. */
export function middleOf({ from, to }: Band): number {
  return Math.round((from + to) / 2);
}

/** Indices of the states that the bands hold, ascending. */
export function bandStates(bands: readonly Band[]): number[] {
  const all = bands.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  return [...new Set(all)].sort((a, b) => a - b);
}
