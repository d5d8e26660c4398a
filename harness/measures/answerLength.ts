/**
 * Words of an answer, a mean over the item's questions; descriptive. Words as words.ts counts them, each hanzi one, so
 * that models with different tokenizers count alike. At most what 32 tokens hold.
 */
import type { ScalarMeasure } from "../Measure.ts";
import { words } from "../words.ts";
import { NO_QUESTION, ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerLength: ScalarMeasure = {
  ...ofAnswers,
  descriptive: true,
  name: "answer.length",
  definition: "words of an answer, a mean over questions",
  unit: "words",
  range: [0, Number.POSITIVE_INFINITY],
  better: "lower",
  reference: "counted",
  of: (condition) => overAnswers(condition, ({ said }) => words(said).length, NO_QUESTION),
};
