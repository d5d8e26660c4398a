/** A measure: what it is called, what it means, and how it is computed from a reading. */
import type { Capabilities } from "../providers/contract.ts";
import type { ConditionReading, ItemReading } from "./Reading.ts";
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

/** A value for each band, computed over all items of a frame at once (frameStates.ts). */
export interface FrameMeasure extends Description {
  readonly kind: "frame";
}

export type Measure = ScalarMeasure | LayerMeasure | FrameMeasure;

export const needsPromptLogits = {
  needs: (capabilities: Capabilities) => capabilities.promptLogits === "full",
  needed: "full logits of the prompt",
};
export const needsStates = {
  needs: (capabilities: Capabilities) => capabilities.hiddenStates === "all",
  needed: "hidden states of all layers",
};
export const needsTokenizer = {
  needs: (capabilities: Capabilities) => capabilities.tokenIdsIn,
  needed: "the tokenizer",
};

/** A condition of the item by name, or null where it was not observed. */
export function conditionOf(item: ItemReading, name: string): ConditionReading | null {
  return item.conditions.get(name) ?? null;
}
