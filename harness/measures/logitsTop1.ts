/**
 * Share of continuation positions at which the condition's most likely next token is the original's, as
 * "Same top p" of llama.cpp's perplexity tool. 0 to 1; higher is closer.
 */
import { needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const logitsTop1: ScalarMeasure = {
  kind: "scalar",
  name: "logits.top1",
  definition: "share of positions with the same most likely token",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "llama.cpp, tools/perplexity",
  ...needsPromptLogits,
  of: ({ continuations }) => {
    const flags = continuations.flatMap((continuation) => [...continuation.sameTop]);
    if (flags.length === 0) return undefinedBecause("the condition was read without continuations");
    return defined(flags.filter(Boolean).length / flags.length);
  },
};
