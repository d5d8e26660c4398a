/** A suite as the harness sees it: validated, resolved for a profile, items loaded. */

export interface Question {
  readonly question: string;
  readonly answer: string;
  /** The answer that the decoy gives, where the question asks for the changed fact. */
  readonly decoyAnswer?: string | undefined;
}

export const DECOY_KINDS = ["number", "entity", "negation", "role-swap"] as const;

export interface Decoy {
  readonly text: string;
  readonly paraphrase?: string | undefined;
  readonly kind?: (typeof DECOY_KINDS)[number] | undefined;
  readonly encodings?: Readonly<Record<string, string>> | undefined;
}

export interface Item {
  readonly id: string;
  /** Stratum: floors are taken from other items of the same topic. `all` where not given. */
  readonly topic: string;
  /** Unit of the statistics: items that share facts or a template. The item's own id where not given. */
  readonly cluster: string;
  readonly original: string;
  /** Written independently of each other, the nearest first. */
  readonly paraphrases: readonly string[];
  readonly decoy: Decoy | null;
  readonly questions: readonly Question[];
  readonly encodings: Readonly<Record<string, string>>;
}

/** What stands around the context. */
export type Frame =
  | { readonly before: string; readonly after: string }
  | { readonly template: true; readonly user: string };

export const VERDICTS = [
  "equivalent",
  "near-copy, fact lost",
  "close, fact untested",
  "different",
  "inconclusive",
  "unobservable",
  "instrument-failed",
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Gate {
  readonly candidate: string;
  readonly require: Verdict;
}

/** A codec by name and its parameters, not yet validated: that is for whoever knows the codec. */
export interface CandidateSpec {
  readonly codec: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export const JUDGE_KINDS = ["chat", "embedding", "entailment"] as const;

/** Who rates how far two answers mean the same. */
export interface JudgeSpec {
  readonly kind: (typeof JUDGE_KINDS)[number];
  /** A model reference. */
  readonly model: string;
  /** Times that each pair is rated in each order. */
  readonly repeats: number;
  /** Most requests that it may be sent in a run. */
  readonly calls: number;
}

export interface Suite {
  readonly name: string;
  readonly profile: string | null;
  readonly items: readonly Item[];
  readonly frames: Readonly<Record<string, Frame>>;
  readonly continuations: {
    /** Sampled continuations an item. */
    readonly samples: number;
    /** How many of them the floors and the foils are read with. */
    readonly controls: number;
    readonly tokens: number;
    readonly seed: number;
  };
  readonly models: readonly string[];
  readonly candidates: Readonly<Record<string, CandidateSpec>>;
  readonly measures: "default" | readonly string[];
  /** Judges of what the model says, by name. */
  readonly judges: Readonly<Record<string, JudgeSpec>>;
  /** Shares of depth, such as [0.5, 0.75]; the headline is the band that contains 0.6, else the first. */
  readonly bands: readonly (readonly [number, number])[];
  readonly margin: number;
  readonly positions: "natural" | "both";
  readonly gates: readonly Gate[];
  readonly statistics: { readonly alpha: number; readonly seed: number };
  /** Where the suite lies: paths in parameters of codecs are relative to it. */
  readonly folder: string;
  /** sha256 over the suite file, the items file and the profile's name. */
  readonly hash: string;
  /** Where a key of the suite stands, as `file:line:column (key)`; for errors found later. */
  readonly locate: (key: readonly (string | number)[]) => string;
  /** Where an item stands, as `file:line`. */
  readonly locateItem: (id: string) => string;
}
