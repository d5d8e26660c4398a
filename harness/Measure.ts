/** A measure: what it is called, what it means, and how it is computed from a reading. */
import type { Capabilities } from "../providers/contract.ts";
import type { ConditionReading, Extra, ItemReading } from "./Reading.ts";
import type { Value } from "./Value.ts";

interface Description {
  readonly name: string;
  readonly definition: string;
  readonly unit: string;
  readonly range: readonly [number, number];
  readonly better: "lower" | "higher";
  /** Where the definition comes from. */
  readonly reference: string;
  readonly needs: (capabilities: Capabilities) => boolean;
  /** Names what is missing where `needs` does not hold. */
  readonly needed: string;
  /** Not a quality of an encoding: it gets no score. */
  readonly descriptive?: true;
  /** Left out unless the suite names it, and why. */
  readonly onRequest?: string;
  /** Chosen by default only where this other measure cannot be observed. */
  readonly standsInFor?: string;
  /** What has to be observed for it beyond what is observed anyway. */
  readonly extras?: readonly Extra[];
  /** Whether it looks at more of the corpus' states than their mean. */
  readonly geometry?: true;
}

/** One value for each condition of an item. */
export interface ScalarMeasure extends Description {
  readonly kind: "scalar";
  readonly of: (condition: ConditionReading, item: ItemReading) => Value;
}

/** One value for each state (the embedding, then each block); a band's value is the mean over its states. */
export interface LayerMeasure extends Description {
  readonly kind: "layers";
  readonly at: (state: number, condition: ConditionReading, item: ItemReading) => Value;
}

/** One value for each band, taken at its middle state, where the geometry of the corpus is known. */
export interface BandMeasure extends Description {
  readonly kind: "band";
  readonly of: (state: number, condition: ConditionReading, item: ItemReading) => Value;
}

/** A value for each item and band, computed when all items of a frame are read (frameStates.ts). */
export interface FrameMeasure extends Description {
  readonly kind: "frame";
}

/** A statistic of two sets of states, of the items at these indices; null where it has no value. */
export type PairStatistic = (items: readonly number[]) => number | null;

/**
 * One number for each band that compares a condition's states with the original's over all items at once, at the
 * band's middle state. It is no mean over items, so the record holds a jackknife value for each cluster
 * (overAllItems.ts).
 */
export interface SetMeasure extends Description {
  readonly kind: "set";
  readonly descriptive: true;
  /**
   * @param original states [items][width]
   * @param condition states of the same items
   * @param axes leading eigenvectors of the corpus' covariance, [axes][width]; none where not asked for
   */
  readonly over: (
    original: readonly Float32Array[],
    condition: readonly Float32Array[],
    axes: readonly Float32Array[],
  ) => PairStatistic;
  /** Why there is no value where the statistic has none. */
  readonly undefinedReason: string;
}

export type Measure = ScalarMeasure | LayerMeasure | BandMeasure | FrameMeasure | SetMeasure;

export const needsPromptLogits = {
  needs: (capabilities: Capabilities) => capabilities.promptLogits === "full",
  needed: "full logits of the prompt",
};
export const needsScores = {
  needs: (capabilities: Capabilities) => capabilities.scores,
  needed: "log-probabilities of given tokens",
};
export const needsTopTokens = {
  needs: (capabilities: Capabilities) => capabilities.promptLogits === "top-k",
  needed: "the most likely next tokens",
};
export const needsStates = {
  needs: (capabilities: Capabilities) => capabilities.hiddenStates !== "none",
  needed: "hidden states",
};
export const needsPools = {
  needs: (capabilities: Capabilities) => capabilities.hiddenStates === "all",
  needed: "hidden states at every token",
};
export const needsEmbeddings = {
  needs: (capabilities: Capabilities) => capabilities.embeddings,
  needed: "sentence embeddings",
};
export const needsAttention = {
  needs: (capabilities: Capabilities) => capabilities.attention,
  needed: "attention",
};
export const needsNothing = { needs: () => true, needed: "" };
export const needsTokenizer = {
  needs: (capabilities: Capabilities) => capabilities.tokenIdsIn,
  needed: "the tokenizer",
};

/** A condition of the item by name, or null where it was not observed. */
export function conditionOf(item: ItemReading, name: string): ConditionReading | null {
  return item.conditions.get(name) ?? null;
}
