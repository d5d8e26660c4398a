/** What a run is given, and what is the same for all items of one model. */
import type { Provider } from "../providers/contract.ts";
import type { Suite } from "../suites/Suite.ts";
import type { AnswerCache } from "./AnswerCache.ts";
import type { Condition } from "./conditions.ts";
import type { FrameReader } from "./FrameReader.ts";
import type { Measure } from "./Measure.ts";
import type { Extra } from "./Reading.ts";
import type { ReadingCache } from "./ReadingCache.ts";
import type { ModelEntry } from "./RunRecord.ts";

export interface Corpus {
  readonly name: string;
  readonly sentences: readonly string[];
  readonly sha256: string;
}

export type Progress = (label: string, done: number, total: number) => void;

export interface RunOptions {
  readonly suite: Suite;
  /** Opened one after another; closed here. */
  readonly models: readonly { readonly reference: string; readonly open: () => Promise<Provider> }[];
  /** Opens another model than those observed: an embedder that a code names, a judge; closed by who asked for it. */
  readonly openEmbedder: (reference: string) => Promise<Provider>;
  readonly corpus: Corpus;
  readonly folder: string;
  /** Whose states are kept in the run's folder: those of originals and decoys, unless all are wanted. */
  readonly keepStates?: "all";
  /** Where answers that cost time are kept between runs; null keeps none. */
  readonly answers: string | null;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What is the same for all items of one model. */
export interface Session {
  readonly options: RunOptions;
  readonly provider: Provider;
  readonly answers: AnswerCache;
  readonly readings: ReadingCache;
  readonly measures: readonly Measure[];
  /** What is observed beyond what always is. */
  readonly extras: ReadonlySet<Extra>;
  readonly conditions: readonly Condition[];
  readonly frames: readonly FrameReader[];
  readonly entry: ModelEntry;
}
