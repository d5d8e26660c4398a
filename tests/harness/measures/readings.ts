/** Readings for tests of measures: from the fixture's JSON, or made up of a few parts. */
import type { ConditionReading, ItemReading } from "../../../harness/Reading.ts";
import type { Item } from "../../../suites/Suite.ts";

export type JsonReading = Omit<
  ConditionReading,
  "states" | "pooled" | "embedding" | "attention" | "nextTokens" | "answers" | "restatement" | "continued"
> & {
  states: number[][];
  pooled: number[] | null;
  embedding: number[] | null;
  attention: { heads: number; tokens: number; weights: number[][]; context: number[][] };
};

export function readingOf(json: JsonReading): ConditionReading {
  const { states, pooled, embedding, attention } = json;
  const floats = (rows: number[][]) => rows.map((row) => Float32Array.from(row));
  return {
    ...json,
    continued: json.continuations.map(logProbsOf),
    states: floats(states),
    pooled: pooled && Float32Array.from(pooled),
    embedding: embedding && Float32Array.from(embedding),
    nextTokens: null,
    answers: null,
    restatement: null,
    attention: { ...attention, weights: floats(attention.weights), context: floats(attention.context) },
  };
}

/** Fixtures and tests write the tokens' log-probabilities beside their divergences. */
const logProbsOf = (continuation: object) => (continuation as { logProb: readonly number[] }).logProb;

/** A condition that was read without anything; `parts` says what was. */
export function condition(name: string, parts: Partial<ConditionReading> = {}): ConditionReading {
  const nothing = {
    continuations: [],
    continued: (parts.continuations ?? []).map(logProbsOf),
    answer: null,
    decoyAnswer: null,
    reconstruction: null,
    paraphrase: null,
    decoyParaphrase: null,
    reverse: null,
    states: [],
    pooled: null,
    embedding: null,
    attention: null,
    nextTokens: null,
    answers: null,
    restatement: null,
  };
  return { name, text: name, tokens: 1, ...nothing, ...parts };
}

export function anItem(id: string, parts: Partial<Item> = {}): Item {
  return {
    id,
    topic: "all",
    cluster: id,
    original: id,
    paraphrases: [],
    decoy: null,
    questions: [],
    encodings: {},
    ...parts,
  };
}

export function itemOf(conditions: readonly ConditionReading[], parts: Partial<ItemReading> = {}): ItemReading {
  const byName = new Map(conditions.map((one) => [one.name, one]));
  const corpus = { mean: [], geometry: new Map(), embeddingMean: null };
  return { item: anItem("a"), conditions: byName, ...corpus, hasDecoy: true, bands: [], ...parts };
}
