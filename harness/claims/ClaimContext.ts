import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";
import type { Provider } from "../../providers/contract.ts";
import type { TokenCounter } from "../codes/symbolTokens.ts";
import type { ClaimMeasured } from "./judgeClaim.ts";

/** A sentence to test with. */
export interface ClaimItem {
  readonly original: string;
  readonly paraphrase: string;
  /** Classical Chinese, written by hand; null where there is none. */
  readonly wenyan: string | null;
  readonly topic: string;
  readonly cluster: string;
}

/** What measurements may ask for; models are opened when the first one does. */
export interface ClaimContext {
  readonly items: readonly ClaimItem[];
  /** Sentences to train decoders on, none of them an item. */
  readonly training: readonly string[];
  /** Sentence embeddings, by row. */
  embed(texts: readonly string[]): Promise<Matrix>;
  /** The model that is said to understand the code. */
  observed(): Promise<Provider>;
  /** Where trained codes are kept; null keeps nothing. */
  readonly codesFolder: string | null;
  readonly tokenizers: readonly TokenCounter[];
  /** Hears what is being done, and how much of it. */
  progress(label: string, done: number, total: number): void;
  readonly signal?: AbortSignal | undefined;
}

/** Measured values by claim; a claim that is not among them was not tested. */
export type MeasuredClaims = Readonly<Record<string, ClaimMeasured>>;
