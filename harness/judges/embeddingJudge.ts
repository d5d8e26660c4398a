/**
 * Cosine of sentence embeddings, cut at 0, as a judge (Reimers & Gurevych 2019, arXiv 1908.10084). It reads no
 * question, and leaves nothing to chance or order; its weakness is the near-copy with one fact changed, which the
 * controls show.
 */
import { ExpectedError } from "../../errors.ts";
import type { Provider } from "../../providers/contract.ts";
import { cosine as cosineOf } from "../vectors.ts";
import type { Judge, JudgeDescription, Opinion } from "./Judge.ts";

/** @throws ExpectedError `judge-model`. */
export function embeddingJudge(
  name: string,
  provider: Provider,
  { identity }: Pick<JudgeDescription, "identity">,
  where: string,
): Judge {
  if (!provider.capabilities.embeddings) {
    throw new ExpectedError({
      code: "judge-model",
      message: `${provider.identity.reference} gives no sentence embeddings`,
      where,
      hint: "name an embedder, such as minilm, or an embedding model of a server",
    });
  }
  return {
    name,
    description: { kind: "embedding", identity, prompt: null, repeats: 1, bothOrders: false, symmetric: true },
    rate: async (asked, signal) => {
      const texts = [...new Set(asked.flatMap(({ texts: { first, second } }) => [first, second]))].filter(
        (text) => text.trim() !== "",
      );
      const vectors = await provider.embed(texts, signal);
      const byText = new Map(texts.map((text, i) => [text, vectors[i] as Float32Array]));
      return asked.map(({ texts: { first, second } }): Opinion => {
        const [one, other] = [byText.get(first), byText.get(second)];
        if (one === undefined || other === undefined) return { rating: null, reason: "an empty text has no embedding" };
        const cosine = cosineOf(one, other);
        if (cosine === null) return { rating: null, reason: "an embedding is zero, so the cosine has no value" };
        return { rating: Math.min(1, Math.max(0, cosine)), reason: `cosine ${cosine.toFixed(3)}` };
      });
    },
  };
}
