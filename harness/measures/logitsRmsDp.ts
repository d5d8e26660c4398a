/**
 * √ mean (p_c − p_x)², over the tokens of the original's continuations, with p the probability of the token that is
 * there: "RMS Δp" of llama.cpp's perplexity tool (which prints it in percent), here within an item. 0 to 1; lower is
 * closer. Unlike kl it hardly sees tokens that are improbable under both. Undefined where a condition is read without
 * continuations.
 */
import { mean } from "simple-statistics";
import { conditionOf, needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { scored } from "./scored.ts";

export const logitsRmsDp: ScalarMeasure = {
  kind: "scalar",
  name: "logits.rms-dp",
  definition: "root mean square of the change of the observed token's probability",
  unit: "share",
  range: [0, 1],
  better: "lower",
  reference: "llama.cpp, tools/perplexity",
  ...needsScores,
  of: ({ continued }, item) => {
    const original = conditionOf(item, "original")?.continued ?? [];
    const texts = continued.length > 0 ? continued.flatMap((one, m) => [one, original[m]]) : [null];
    return scored(texts, "the condition or the original was read without continuations", (...logProbs) => {
      const [ours, theirs] = [0, 1].map((which) => logProbs.filter((_, i) => i % 2 === which).flat()) as number[][];
      if (ours === undefined || theirs === undefined) throw new Error("two sides");
      if (ours.length !== theirs.length) return undefinedBecause("the continuations are cut into other tokens");
      return defined(Math.sqrt(mean(ours.map((log, t) => (Math.exp(log) - Math.exp(theirs[t] as number)) ** 2))));
    });
  },
};
