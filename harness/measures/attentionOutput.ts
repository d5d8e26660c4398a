/**
 * 1 − Σ ‖o_c − o_x‖² / Σ ‖o_x‖², sums over heads and the tokens of `after`, per state (that after block L stands for
 * block L), with o = Σ_s a_s v_s the context's values weighted by attention: what each head takes from the context, before
 * its output projection (Kobayashi et al. 2020, arXiv 2004.10102, for weighing values and not weights alone). The share
 * of the original's contribution that the condition reproduces, as `state.explained`, with taking nothing in place of the
 * corpus mean: an empty context scores exactly 0. Unbounded below, 1 at the original; higher is closer. Undefined for the
 * embedding, and where the heads take nothing from the original.
 */
import { conditionOf, type LayerMeasure, needsAttention } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { squaredDistance } from "../vectors.ts";

export const attentionOutput: LayerMeasure = {
  kind: "layers",
  name: "attention.output",
  definition: "share of what the heads take from the original that they take from the condition alike",
  unit: "share",
  range: [Number.NEGATIVE_INFINITY, 1],
  better: "higher",
  reference: "Kobayashi et al. 2020, arXiv 2004.10102",
  onRequest: "every condition is read once more, with its attention",
  extras: ["attention"],
  ...needsAttention,
  at: (state, condition, item) => {
    if (state === 0) return undefinedBecause("the embedding stands before the first attention");
    const own = condition.attention?.context[state - 1];
    const original = conditionOf(item, "original")?.attention?.context[state - 1];
    if (!own || !original) return undefinedBecause("no attention was observed");
    const size = squaredDistance(original, new Float32Array(original.length));
    if (size === 0) return undefinedBecause("the heads take nothing from the original");
    return defined(1 - squaredDistance(own, original) / size);
  },
};
