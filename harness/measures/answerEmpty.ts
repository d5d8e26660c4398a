/**
 * Share of the item's questions to which the model says nothing: it ends at once, or its first line is blank. 0 to 1;
 * descriptive.
 */
import type { ScalarMeasure } from "../Measure.ts";
import { NO_QUESTION, ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerEmpty: ScalarMeasure = {
  ...ofAnswers,
  descriptive: true,
  name: "answer.empty",
  definition: "share of questions to which the model says nothing",
  unit: "share",
  range: [0, 1],
  better: "lower",
  reference: "counted",
  of: (condition) => overAnswers(condition, ({ said }) => (said === "" ? 1 : 0), NO_QUESTION),
};
