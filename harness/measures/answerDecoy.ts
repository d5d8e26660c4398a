/**
 * Share of the questions on the changed fact that the model answers as the decoy does: the fact is not just lost, it is
 * another. 0 to 1; lower is better. Undefined where no question has a decoy's answer. Matching as in Rajpurkar et al.
 * 2016, arXiv 1606.05250, section 6.1.
 */
import { exactMatch } from "../answerMatch.ts";
import type { ScalarMeasure } from "../Measure.ts";
import { ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerDecoy: ScalarMeasure = {
  ...ofAnswers,
  name: "answer.decoy",
  definition: "share of questions on the changed fact that are answered as the decoy answers them",
  unit: "share",
  range: [0, 1],
  better: "lower",
  reference: "matching of Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1",
  of: (condition) =>
    overAnswers(
      condition,
      ({ said, decoyGold }) => (decoyGold === null ? null : exactMatch(said, decoyGold) ? 1 : 0),
      "the item has no question with a decoy's answer",
    ),
};
