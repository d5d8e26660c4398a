/**
 * cos(e_c − ē, e_x − ē), with e the sentence embedding that the model gives to a text alone, and ē the mean over the
 * reference corpus: embeddings too share a common part that keeps unrelated sentences alike (Ethayarajh 2019, arXiv
 * 1909.00512). Independent of the frame. −1 to 1; higher is closer. Undefined for an empty text, and where an embedding
 * is the mean itself; unobservable where a model gives no embeddings. Reimers & Gurevych 2019, arXiv 1908.10084.
 */
import { conditionOf, needsEmbeddings, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { centredCosine } from "../vectors.ts";

export const embeddingCosine: ScalarMeasure = {
  kind: "scalar",
  name: "embedding.cosine",
  definition: "cosine of sentence embeddings after subtracting the corpus mean",
  unit: "cosine",
  range: [-1, 1],
  better: "higher",
  reference: "Reimers & Gurevych 2019, arXiv 1908.10084",
  standsInFor: "state.pooled-cosine",
  extras: ["embedding"],
  ...needsEmbeddings,
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.embedding;
    if (!original || !condition.embedding || !item.embeddingMean)
      return undefinedBecause("an empty text has no embedding");
    const cosine = centredCosine(condition.embedding, original, item.embeddingMean);
    return cosine === null
      ? undefinedBecause("an embedding equals the corpus mean, so the cosine has no value")
      : defined(cosine);
  },
};
