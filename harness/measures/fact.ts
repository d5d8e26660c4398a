/**
 * Λ(c) = ℓ̄(answer | c, q) − ℓ̄(decoy answer | c, q), with ℓ̄ the mean log-probability a token: which of two
 * facts the model takes from the context, asked by the item's question on the changed fact. Nats a token;
 * positive on the original's side. Length normalisation as in Brown et al. 2020 (arXiv 2005.14165, section 2.4).
 */
import { mean } from "simple-statistics";
import { needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { scored } from "./scored.ts";

const UNREAD = "the condition was not asked, or the item has neither a question with both answers nor two paraphrases";

export const fact: ScalarMeasure = {
  kind: "scalar",
  name: "fact",
  definition: "log-odds of the original's answer against the decoy's, a token",
  unit: "nats a token",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "Brown et al. 2020, arXiv 2005.14165, section 2.4",
  ...needsScores,
  of: ({ answer, decoyAnswer }, { hasDecoy }) => {
    if (!hasDecoy) return undefinedBecause("the item has no decoy");
    return scored([answer, decoyAnswer], UNREAD, (own, rival) => defined(mean([...own]) - mean([...rival])));
  },
};
