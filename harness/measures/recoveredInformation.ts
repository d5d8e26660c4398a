/**
 * Recovered information R(c) = 1 − Σ_i K_i(c) / Σ_i I_i, a ratio of sums over items, with
 * I_i = (1/M) Σ_m [ log P(y^m|x_i) − log mean_j P(y^m|x_j) ] over other items j of the topic: what the original
 * tells about its continuation beyond what the topic tells (a mutual information by the estimator of
 * Poole et al. 2019, arXiv 1905.06922, the leave-one-out bound). 1 at the original, 0 where the condition costs as
 * much as knowing only the topic; below 0 where it misleads. The ratio is formed over the whole run (analysis);
 * this file gives the item's part.
 */
import { mean, sum } from "simple-statistics";
import { needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { scored } from "./scored.ts";

/** log of the mean of exp(values), without overflow. */
export function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values);
  return top + Math.log(mean(values.map((value) => Math.exp(value - top))));
}

/** I_i, reported with the original. */
export const information: ScalarMeasure = {
  kind: "scalar",
  descriptive: true,
  name: "information",
  definition: "what the original tells about its continuations beyond other originals of the topic",
  unit: "nats a continuation",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "Poole et al. 2019, arXiv 1905.06922",
  ...needsScores,
  of: (condition, item) => {
    if (condition.name !== "original") return undefinedBecause("defined for the original only");
    const others = [...item.conditions.values()].filter(({ name }) => name.startsWith("mismatch-"));
    const used = Math.min(...others.map(({ continued }) => continued.length));
    const read = others.length > 0 && used > 0;
    const texts = read ? [condition, ...others].flatMap(({ continued }) => continued.slice(0, used)) : [null];
    return scored(texts, "no other original was read with the item's continuations", (...logProbs) => {
      const totals = logProbs.map((tokens) => sum([...tokens]));
      const gains = Array.from({ length: used }, (_, m) => {
        const [own = 0, ...rest] = totals.filter((_, i) => i % used === m);
        return own - logMeanExp(rest);
      });
      return defined(mean(gains));
    });
  },
};
