/**
 * cos in the metric Σ*⁻¹: ⟨u, v⟩ / (‖u‖ ‖v‖) with u = L⁻¹(h_c − μ), v = L⁻¹(h_x − μ), L Lᵀ = Σ* the covariance of the
 * corpus' states, shrunk after Ledoit & Wolf (ledoitWolf.ts), at the middle state of each band. A few directions of
 * large variance decide a plain cosine; here each counts by how far it is from usual (Mahalanobis). −1 to 1; higher is
 * closer; does not change under any invertible linear map of the states, up to the shrinkage. Undefined where a state
 * is the mean itself, or the corpus' states do not vary. Su et al. 2021, arXiv 2103.15316 (whitening sentence vectors).
 */
import { forwardSolve } from "../cholesky.ts";
import { type BandMeasure, conditionOf, needsStates } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const stateCosineWhitened: BandMeasure = {
  kind: "band",
  name: "state.cosine.whitened",
  definition: "cosine with the original's state after whitening by the corpus' shrunk covariance, at the band's middle",
  unit: "cosine",
  range: [-1, 1],
  better: "higher",
  reference: "Ledoit & Wolf 2004, J Multivar Anal 88:365; Su et al. 2021, arXiv 2103.15316",
  geometry: true,
  ...needsStates,
  of: (state, condition, item) => {
    const original = conditionOf(item, "original")?.states[state];
    const mean = item.mean[state];
    const own = condition.states[state];
    const factor = item.geometry.get(state)?.factor;
    if (!original || !mean || !own) return undefinedBecause("no state was observed");
    if (!factor) return undefinedBecause("the corpus' states do not vary here, so there is nothing to whiten by");
    const whitened = (h: Float32Array) =>
      forwardSolve(
        factor,
        Float64Array.from(h, (value, i) => value - (mean[i] as number)),
      );
    const [u, v] = [whitened(own), whitened(original)];
    let [product, lengthU, lengthV] = [0, 0, 0];
    u.forEach((value, i) => {
      product += value * (v[i] as number);
      lengthU += value * value;
      lengthV += (v[i] as number) ** 2;
    });
    if (lengthU === 0 || lengthV === 0) return undefinedBecause("a state equals the corpus mean");
    // Equal lengths apart, so that a state is exactly 1 from itself.
    const lengths = lengthU === lengthV ? lengthU : Math.sqrt(lengthU) * Math.sqrt(lengthV);
    return defined(Math.max(-1, Math.min(1, product / lengths)));
  },
};
