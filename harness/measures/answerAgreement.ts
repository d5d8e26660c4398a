/**
 * Share of the item's questions to which the model says the same under this condition as it says itself after the
 * original, right or wrong: the same once normalised (answerMatch.ts). 0 to 1; higher is closer. Questions that the
 * model leaves unanswered after the original do not count; undefined where none is left. Matching as in Rajpurkar et
 * al. 2016, arXiv 1606.05250, section 6.1.
 */
import { exactMatch, normaliseAnswer } from "../answerMatch.ts";
import { conditionOf, type ScalarMeasure } from "../Measure.ts";
import { ofAnswers, overAnswers } from "./overAnswers.ts";

export const answerAgreement: ScalarMeasure = {
  ...ofAnswers,
  name: "answer.agreement",
  definition: "share of questions to which the model says the same as after the original",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "matching of Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1",
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.answers;
    return overAnswers(
      condition,
      ({ said }, place) => {
        const before = original?.[place]?.said ?? "";
        return normaliseAnswer(before) === "" ? null : exactMatch(said, before) ? 1 : 0;
      },
      "after the original the model answers no question of the item",
    );
  },
};
