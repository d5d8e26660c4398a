/** What codecs may ask for during a run: vectors of the observed model or of another, and the observed model itself. */
import { type CodecServices, OBSERVED } from "../codecs/contract.ts";
import { ExpectedError } from "../errors.ts";
import type { Provider } from "../providers/contract.ts";
import type { AnswerCache } from "./AnswerCache.ts";
import { modelKey } from "./modelKey.ts";
import { pooledTexts } from "./pooledTexts.ts";

export interface CodecServicesOptions {
  /** The observed model. */
  readonly provider: Provider;
  /** Where vectors are kept between runs. */
  readonly answers: AnswerCache;
  /** Opens an embedder that a code names; closed here after each use. */
  readonly openEmbedder: (reference: string) => Promise<Provider>;
  readonly signal: AbortSignal | undefined;
}

type Make = (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array[]>;

export function codecServices({ provider, answers, openEmbedder, signal }: CodecServicesOptions): CodecServices {
  const kept = async (of: Provider, make: Make, what: string, texts: readonly string[]): Promise<Float32Array[]> => {
    const key = { what, model: modelKey(of.identity), texts };
    const vectors = await answers.remember(key, async () =>
      (await make(texts, signal)).map((vector) => Array.from(vector)),
    );
    return vectors.map((vector) => Float32Array.from(vector));
  };
  const pooled = (of: Provider): Make => pooledTexts.bind(null, of);
  const embedded = (of: Provider): Make => of.embed.bind(of);
  const sentenceVectors = async (texts: readonly string[]) => {
    const { hiddenStates, embeddings } = provider.capabilities;
    if (hiddenStates !== "all" && !embeddings) {
      throw new ExpectedError({
        code: "capability-missing",
        message: `${provider.identity.reference} gives no sentence vectors`,
        hint: "name another embedder in the candidate's parameters (`embedder: minilm`), or leave the candidate out",
      });
    }
    return kept(
      provider,
      hiddenStates !== "all" && embeddings ? embedded(provider) : pooled(provider),
      "sentence vectors",
      texts,
    );
  };
  return {
    sentenceVectors,
    embed: async (reference, texts) => {
      if (reference === OBSERVED) {
        const vectors = await sentenceVectors(texts);
        const { digest, width } = provider.identity;
        return { embedder: { reference, digest, width: vectors[0]?.length ?? width }, vectors };
      }
      const embedder = await openEmbedder(reference);
      try {
        const { digest, width } = embedder.identity;
        const make = embedder.capabilities.embeddings ? embedded(embedder) : pooled(embedder);
        return { embedder: { reference, digest, width }, vectors: await kept(embedder, make, "embeddings", texts) };
      } finally {
        await embedder.close();
      }
    },
    observed: () => provider,
  };
}

/** For looking at codecs without a model: whoever asks for anything is told why there is nothing. */
export function noServices(why: string): CodecServices {
  return {
    sentenceVectors: () => Promise.reject(new Error(why)),
    embed: () => Promise.reject(new Error(why)),
    observed: () => {
      throw new Error(why);
    },
  };
}
