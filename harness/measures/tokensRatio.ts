/**
 * Tokens of the original divided by tokens of the encoding, in the observed model's own tokenizer. Above 1 the
 * encoding is shorter; below 1 it costs more than what it replaces. Characters are not what a model reads.
 */
import { conditionOf, needsTokenizer, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const tokensRatio: ScalarMeasure = {
  kind: "scalar",
  descriptive: true,
  name: "tokens.ratio",
  definition: "tokens of the original divided by tokens of the encoding",
  unit: "ratio",
  range: [0, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "compression ratio in tokens, Jiang et al. 2023, arXiv 2310.05736",
  ...needsTokenizer,
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.tokens;
    if (!original || condition.tokens === 0) return undefinedBecause("an empty text has no ratio");
    return defined(original / condition.tokens);
  },
};
