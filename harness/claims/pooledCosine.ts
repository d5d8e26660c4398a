/** `verify-llm`: the cosine of mean-pooled last-layer states, beside what unrelated sentences and paraphrases score. */
import { type MeanInterval, meanInterval } from "../codes/similarity.ts";
import { pooledTexts } from "../pooledTexts.ts";
import { cosine } from "../vectors.ts";
import type { ClaimContext, ClaimItem, MeasuredClaims } from "./ClaimContext.ts";
import { hanziOf, publishedCodes } from "./sentenceProjection.ts";

export async function measurePooledCosine(context: ClaimContext): Promise<MeasuredClaims> {
  const { items, signal } = context;
  const codes = publishedCodes(await context.embed(items.map(({ original }) => original)));
  const provider = await context.observed();
  const pooled = (texts: readonly string[]) => pooledTexts(provider, texts, signal);
  const own = await pooled(items.map(({ original }) => original));
  const coded = await pooled(items.map((_, i) => hanziOf(codes, i)));
  const restated = await pooled(items.map(({ paraphrase }) => paraphrase));
  const clusters = items.map(({ cluster }) => cluster);
  const mean = (others: readonly Float32Array[]) => meanCosine(own, others, clusters);
  const unrelated = mean(items.map((_, i) => own[unrelatedTo(i, items)] as Float32Array));
  const ceiling = mean(restated);
  const n = items.length;
  const measured: MeasuredClaims = {
    "verify-llm.cosine": { n, ...mean(coded), floor: unrelated, ceiling },
    "verify-llm.equivalent": { n, ...ceiling, floor: unrelated },
    "verify-llm.floor": { n, ...unrelated },
  };
  const written = items.map(({ wenyan }) => wenyan);
  if (!written.every((text) => text !== null)) return measured;
  const typed = await pooled(written);
  const floor = mean(items.map((_, i) => typed[unrelatedTo(i, items)] as Float32Array));
  return { ...measured, "verify-llm.typed": { n, ...mean(typed), floor, ceiling } };
}

function meanCosine(
  own: readonly Float32Array[],
  others: readonly Float32Array[],
  clusters: readonly string[],
): MeanInterval {
  const cosines = own.map((vector, i) => {
    const value = cosine(vector, others[i] as Float32Array);
    if (value === null) throw new Error("a pooled state is zero");
    return value;
  });
  return meanInterval(cosines, clusters);
}

/** The next item of another topic, going round. */
function unrelatedTo(index: number, items: readonly ClaimItem[]): number {
  const step = items.findIndex((_, by) => by > 0 && items[(index + by) % items.length]?.topic !== items[index]?.topic);
  if (step < 0) throw new Error("all items have one topic");
  return (index + step) % items.length;
}
