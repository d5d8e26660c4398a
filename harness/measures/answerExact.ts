/**
 * Share of the item's questions that the model answers as the original does: both answers are the same once normalised
 * (answerMatch.ts). 0 to 1; higher is better. Greedy, at most 32 tokens, one line. Undefined where the item has no
 * question or the condition was not asked. Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1.
 */
import { exactMatch } from "../answerMatch.ts";
import type { ScalarMeasure } from "../Measure.ts";
import { NO_QUESTION, ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerExact: ScalarMeasure = {
  ...ofAnswers,
  name: "answer.exact",
  definition: "share of questions answered exactly as the original answers them, after normalisation",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1",
  of: (condition) => overAnswers(condition, ({ said, gold }) => (exactMatch(said, gold) ? 1 : 0), NO_QUESTION),
};
