/**
 * Jensen–Shannon divergence ½ KL(P ‖ M) + ½ KL(Q ‖ M), M = (P + Q)/2, of the next-token distributions P after the
 * original and Q after the condition, averaged over the tokens of the original's continuations. Lin 1991, IEEE Trans
 * Inf Theory 37(1):145–151. In nats a token; 0 to ln 2; symmetric in the two distributions; lower is closer. Undefined
 * where a condition is read without continuations.
 */
import { mean } from "simple-statistics";
import { needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const jensenShannon: ScalarMeasure = {
  kind: "scalar",
  name: "js",
  definition: "Jensen–Shannon divergence of next-token distributions along the original's continuations, a token",
  unit: "nats a token",
  range: [0, Math.LN2],
  better: "lower",
  reference: "Lin 1991, IEEE Trans Inf Theory 37(1):145",
  onRequest: "it takes passes over the whole vocabulary that kl does without",
  extras: ["jensen-shannon"],
  ...needsPromptLogits,
  of: ({ continuations }) => {
    const values = continuations.flatMap(({ js }) => [...(js ?? [])]);
    if (values.length === 0) return undefinedBecause("the condition was read without continuations");
    return defined(mean(values));
  },
};
