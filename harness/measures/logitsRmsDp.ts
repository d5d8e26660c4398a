/**
 * √ mean (p_c − p_x)², over the tokens of the original's continuations, with p the probability of the token that is
 * there: "RMS Δp" of llama.cpp's perplexity tool (which prints it in percent), here within an item. 0 to 1; lower is
 * closer. Unlike kl it hardly sees tokens that are improbable under both. Undefined where a condition is read without
 * continuations.
 */
import { mean } from "simple-statistics";
import { conditionOf, needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const logitsRmsDp: ScalarMeasure = {
  kind: "scalar",
  name: "logits.rms-dp",
  definition: "root mean square of the change of the observed token's probability",
  unit: "share",
  range: [0, 1],
  better: "lower",
  reference: "llama.cpp, tools/perplexity",
  ...needsPromptLogits,
  of: ({ continuations }, item) => {
    const original = conditionOf(item, "original")?.continuations ?? [];
    const squares = continuations.flatMap(({ logProb }, m) =>
      logProb.map((log, t) => (Math.exp(log) - Math.exp(original[m]?.logProb[t] ?? Number.NaN)) ** 2),
    );
    if (squares.length === 0) return undefinedBecause("the condition was read without continuations");
    return defined(Math.sqrt(mean(squares)));
  },
};
