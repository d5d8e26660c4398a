/**
 * [NLL(x | filler) − NLL(x | c)] / ln 2: how many bits of the original the condition saves when the model is to
 * say it. Unbounded; higher is better; at most the original's own surprise.
 */
import { sum } from "simple-statistics";
import { conditionOf, needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined } from "../Value.ts";
import { scored } from "./scored.ts";

export const reconstructionBits: ScalarMeasure = {
  kind: "scalar",
  name: "reconstruction.bits",
  definition: "bits of the original that the condition saves against neutral filler",
  unit: "bits",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "Shannon 1948; pointwise mutual information, Church & Hanks 1990",
  ...needsScores,
  of: (condition, item) => {
    const texts = [condition.reconstruction, conditionOf(item, "filler")?.reconstruction];
    return scored(texts, "the original was not scored after this condition", (own, filler) =>
      defined((sum([...own]) - sum([...filler])) / Math.LN2),
    );
  },
};
