/** A mean over the answers to an item's questions. */
import { mean } from "simple-statistics";
import type { Capabilities } from "../../providers/contract.ts";
import type { ConditionReading } from "../Reading.ts";
import type { SaidAnswer } from "../readAnswers.ts";
import { defined, undefinedBecause, type Value } from "../Value.ts";

export const needsGeneration = {
  needs: (capabilities: Capabilities) => capabilities.generation,
  needed: "generated text",
};

/** What measures of answers have in common. */
export const ofAnswers = {
  kind: "scalar",
  extras: ["answers"],
  onRequest: "each answer takes a generation",
  ...needsGeneration,
} as const;

/**
 * @param of an answer's value, or null where it has none; `place` is the question's
 * @param none why no answer has one
 */
export function overAnswers(
  { answers }: ConditionReading,
  of: (answer: SaidAnswer, place: number) => number | null,
  none: string,
): Value {
  if (answers === null) return undefinedBecause("the condition was not asked");
  const values = answers.flatMap((answer, place) => of(answer, place) ?? []);
  return values.length === 0 ? undefinedBecause(none) : defined(mean(values));
}

export const NO_QUESTION = "the item has no question";
