/**
 * Raw cosine of the mean-pooled last-layer states of context and original: the measure on which "0.8–0.9 means
 * equivalent" was claimed. Last layer as transformers gives it, after the final norm; mean over the context's
 * tokens, read in the frame. Not centred, so unrelated sentences stand near 1: always read it beside its floor.
 * −1 to 1; higher is closer.
 */
import { conditionOf, needsPools, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { cosine } from "../vectors.ts";

export const statePooledCosine: ScalarMeasure = {
  kind: "scalar",
  name: "state.pooled-cosine",
  definition: "raw cosine of mean-pooled last-layer states",
  unit: "cosine",
  range: [-1, 1],
  better: "higher",
  reference: "Reimers & Gurevych 2019, arXiv 1908.10084 (mean pooling)",
  ...needsPools,
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.pooled;
    if (!original || !condition.pooled) return undefinedBecause("an empty context has no tokens to pool");
    const value = cosine(condition.pooled, original);
    return value === null ? undefinedBecause("a pooled state is zero") : defined(value);
  },
};
