/**
 * cos(h_c − μ, h_x − μ), per state, with μ the mean state of the reference corpus at that place. Centring removes
 * what all texts share (Mu & Viswanath 2018, arXiv 1702.01417; Ethayarajh 2019, arXiv 1909.00512), which otherwise
 * keeps unrelated sentences near 1. −1 to 1; higher is closer.
 */
import { conditionOf, type LayerMeasure, needsStates } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { centredCosine } from "../vectors.ts";

export const stateCosine: LayerMeasure = {
  kind: "layers",
  name: "state.cosine",
  definition: "cosine with the original's state after subtracting the corpus mean",
  unit: "cosine",
  range: [-1, 1],
  better: "higher",
  reference: "Mu & Viswanath 2018, arXiv 1702.01417",
  ...needsStates,
  at: (state, condition, item) => {
    const original = conditionOf(item, "original")?.states[state];
    const mean = item.mean[state];
    const own = condition.states[state];
    if (!original || !mean || !own) return undefinedBecause("no state was observed");
    const cosine = centredCosine(own, original, mean);
    return cosine === null
      ? undefinedBecause("a state equals the corpus mean, so the cosine has no value")
      : defined(cosine);
  },
};
