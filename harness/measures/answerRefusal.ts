/**
 * Share of the item's questions that the model declines to answer: its answer says that it does not know, that it
 * cannot, or that the text does not tell, in one of the phrases below. 0 to 1; of phrases, so a lower bound; an empty
 * answer is none (answer.empty). Matching of fixed phrases as in Zou et al. 2023, arXiv 2307.15043, appendix B.
 */
import type { ScalarMeasure } from "../Measure.ts";
import { NO_QUESTION, ofAnswers, overAnswers } from "./overAnswers.ts";

const PHRASES = [
  `(?:i|we) (?:do not|don't|cannot|can't|could not|couldn't|am not able to|are not able to|am unable to|are unable to) (?:know|answer|say|tell|determine|help|assist|provide|find)`,
  `(?:i'm|i am|we're|we are) (?:sorry|not sure|unable|not able)`,
  `as an ai`,
  `(?:it is|it's|is|are) (?:not|un)(?: |-)?(?:known|mentioned|stated|specified|given|provided|clear|possible to (?:say|tell|know))`,
  `(?:does|do) not (?:mention|say|state|specify|tell|provide|contain)|(?:doesn't|don't) (?:mention|say|state|specify|tell|provide|contain)`,
  `(?:no|not enough|insufficient) (?:information|context)`,
  String.raw`unanswerable|^(?:unknown|n/a|not (?:mentioned|stated|specified|given|known|available))\W*$`,
];
const REFUSAL = new RegExp(PHRASES.join("|"), "i");

export function isRefusal(said: string): boolean {
  return REFUSAL.test(said.replaceAll("’", "'"));
}

export const answerRefusal: ScalarMeasure = {
  ...ofAnswers,
  descriptive: true,
  name: "answer.refusal",
  definition: "share of questions that the model declines to answer, by fixed phrases",
  unit: "share",
  range: [0, 1],
  better: "lower",
  reference: "Zou et al. 2023, arXiv 2307.15043, appendix B",
  of: (condition) => overAnswers(condition, ({ said }) => (isRefusal(said) ? 1 : 0), NO_QUESTION),
};
