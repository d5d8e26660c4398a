/**
 * Word F1 of the model's answer with the right one, a mean over the item's questions (answerMatch.ts). 0 to 1; higher
 * is better. Undefined as answer.exact is. Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1.
 */
import { answerF1 as wordF1 } from "../answerMatch.ts";
import type { ScalarMeasure } from "../Measure.ts";
import { NO_QUESTION, ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerF1: ScalarMeasure = {
  ...ofAnswers,
  name: "answer.f1",
  definition: "word F1 of the answer with the original's, a mean over questions",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1",
  of: (condition) => overAnswers(condition, ({ said, gold }) => wordF1(said, gold), NO_QUESTION),
};
