/**
 * 1 − ‖h_c − h_x‖² / ‖h_x − μ‖², per state: the share of the original's deviation from the corpus mean μ that the
 * condition reproduces; a coefficient of determination. 1 at the original, 0 for predicting μ, unbounded below.
 * Unlike a cosine it sees magnitude.
 */
import { conditionOf, type LayerMeasure, needsStates } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { squaredDistance } from "../vectors.ts";

export const stateExplained: LayerMeasure = {
  kind: "layers",
  name: "state.explained",
  definition: "share of the original state's deviation from the corpus mean that the condition reproduces",
  unit: "share",
  range: [Number.NEGATIVE_INFINITY, 1],
  better: "higher",
  reference: "coefficient of determination, Draper & Smith 1998, section 1.3",
  ...needsStates,
  at: (state, condition, item) => {
    const original = conditionOf(item, "original")?.states[state];
    const mean = item.mean[state];
    const own = condition.states[state];
    if (!original || !mean || !own) return undefinedBecause("no state was observed");
    const spread = squaredDistance(original, mean);
    if (spread === 0) return undefinedBecause("the original's state equals the corpus mean");
    return defined(1 - squaredDistance(own, original) / spread);
  },
};
