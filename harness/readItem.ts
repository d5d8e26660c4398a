/** Lets the model read an item under all its conditions, in one request, and sorts what comes back. */
import type { Capabilities, Provider, ReadResult, Scored } from "../providers/contract.ts";
import { buildReadRequest, type OwnContinuations, type ReadPlan, type Shown } from "./buildReadRequest.ts";
import { type ItemRequest, reverseConditions } from "./ItemRequest.ts";
import type { ConditionReading, ContinuationReading } from "./Reading.ts";
import { readAnswers } from "./readAnswers.ts";

const shownBy = ({ promptLogits, scores, hiddenStates }: Capabilities): Shown => ({
  logits: promptLogits,
  scores,
  states: hiddenStates !== "none",
  pools: hiddenStates === "all",
});

async function ownContinuations(all: ItemRequest): Promise<OwnContinuations> {
  const asked = reverseConditions(all);
  if (asked.length === 0 || all.sampleFrom === undefined) return new Map();
  const drawn = await all.sampleFrom(
    asked.map(({ condition }) => condition),
    asked.map(({ count }) => count),
  );
  return new Map(asked.map(({ condition }, i) => [condition.name, drawn[i] ?? []]));
}

/** States of one place of a result, one array a layer. */
export function statesAt(result: ReadResult, place: number, places: number, width: number): Float32Array[] {
  if (result.states.length === 0) return [];
  const layers = result.states.length / (places * width);
  return Array.from({ length: layers }, (_, layer) => {
    const from = (layer * places + place) * width;
    return result.states.subarray(from, from + width);
  });
}

/** Sentence embeddings of the conditions' texts, null for empty ones. */
async function embeddings(
  all: ItemRequest,
  provider: Provider,
  signal?: AbortSignal,
): Promise<(Float32Array | null)[]> {
  const texts = all.conditions.map(({ text }) => text);
  if (!all.extras?.has("embedding")) return texts.map(() => null);
  const spoken = [...new Set(texts)].filter((text) => text !== "");
  const vectors = await provider.embed(spoken, signal);
  const byText = new Map(spoken.map((text, i) => [text, vectors[i] ?? null]));
  return texts.map((text) => byText.get(text) ?? null);
}

export async function readItem(
  all: ItemRequest,
  provider: Provider,
  signal?: AbortSignal,
): Promise<Map<string, ConditionReading>> {
  const own = await ownContinuations(all);
  const { request, places, tokens } = buildReadRequest(all, own, shownBy(provider.capabilities));
  const result = await provider.read(request, signal);
  const embedded = await embeddings(all, provider, signal);
  const said = await readAnswers(all, provider, signal);
  const pick = (index: number | null) => (index === null ? null : (result.scores[index] ?? null));
  const original = all.conditions[0]?.text ?? "";
  // With and without the space that a word has inside a sentence.
  const inOriginal = new Set([...all.frame.context(original), ...all.frame.said(original)]);
  const reversed = reverseConditions(all).length > 0;
  return new Map(
    all.conditions.map((condition, i) => {
      const place = places[i] as ReadPlan["places"][number];
      const column = <T>(rows: readonly (readonly T[])[] | undefined, at: number) =>
        (rows ?? []).map((row) => row[at] as T);
      const continuations: ContinuationReading[] = place.continuations.map(([m, at]) => {
        const comparison = result.comparisons[m];
        const take = <T>(rows: readonly (readonly T[])[] | undefined) => column(rows, at);
        return {
          kl: take(comparison?.kl),
          sameTop: take(comparison?.sameTop),
          copied: (all.continuations[m] ?? []).map((id) => inOriginal.has(id)),
          js: comparison?.js ? take(comparison.js) : null,
        };
      });
      // The original's own continuations are the item's, and from itself it does not differ.
      const reverse =
        condition.name === "original"
          ? reversed && continuations.map(({ kl }) => kl)
          : place.reverse.length > 0 &&
            place.reverse.map((index) => (result.comparisons[index]?.kl ?? []).map((row) => row[1] as number));
      const reading: ConditionReading = {
        name: condition.name,
        text: condition.text,
        tokens: tokens[i] as number,
        continuations,
        continued: [
          ...place.continuations.map(([m, at]) => column(result.comparisons[m]?.logProb, at)),
          ...place.continued.map((index) => result.scores[index] as Scored),
        ],
        answer: pick(place.answer),
        decoyAnswer: pick(place.decoyAnswer),
        reconstruction: pick(place.reconstruction),
        paraphrase: pick(place.paraphrase),
        decoyParaphrase: pick(place.decoyParaphrase),
        reverse: reverse || null,
        states: statesAt(result, i, all.conditions.length, provider.identity.width),
        pooled: place.pooled === null ? null : (result.pools[place.pooled] ?? null),
        embedding: embedded[i] ?? null,
        attention: result.attention?.[i] ?? null,
        nextTokens: result.nextTokens?.[i] ?? null,
        answers: said[i]?.answers ?? null,
        restatement: said[i]?.restatement ?? null,
      };
      return [condition.name, reading];
    }),
  );
}
