/** Reads and measures one item in one frame, taking from the cache what an earlier run measured already. */
import type { Provider } from "../providers/contract.ts";
import type { CorpusStatistics } from "./corpusStatistics.ts";
import { type ConditionRecord, evaluate } from "./evaluate.ts";
import type { ConditionText, ItemRequest } from "./ItemRequest.ts";
import type { Measure } from "./Measure.ts";
import { modelKey } from "./modelKey.ts";
import { measureNoise, type NoiseReading, noiseConditions } from "./noise.ts";
import { type Band, bandStates, type ConditionReading, type ItemReading } from "./Reading.ts";
import type { KeptCondition, ReadingCache } from "./ReadingCache.ts";
import { readItem } from "./readItem.ts";

export interface MeasuredItem {
  readonly conditions: Readonly<Record<string, ConditionRecord>>;
  /** States at the last token of `after` in the bands (bandStates), float32 [states][width] by condition. */
  readonly states: ReadonlyMap<string, readonly Float32Array[]>;
  readonly noise: NoiseReading | null;
}

export interface MeasureContext {
  readonly provider: Provider;
  readonly measures: readonly Measure[];
  readonly bands: readonly Band[];
  readonly corpus: CorpusStatistics;
  /** Identifies the corpus. */
  readonly corpusKey: unknown;
  readonly cache: ReadingCache;
  readonly signal?: AbortSignal | undefined;
}

/** Measures of a condition look at these too, so they are read whenever anything is. */
const ANCHORS = ["original", "decoy", "filler"];

function pack(reading: ConditionReading, indices: readonly number[]): Float32Array[] {
  return reading.states.length === 0 ? [] : indices.map((state) => reading.states[state] as Float32Array);
}

function toBase64(states: readonly Float32Array[]): string {
  return Buffer.concat(
    states.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  ).toString("base64");
}

function fromBase64(text: string, width: number): Float32Array[] {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  const all = new Float32Array(bytes.buffer);
  if (all.length === 0) return [];
  return Array.from({ length: all.length / width }, (_, i) => all.subarray(i * width, (i + 1) * width));
}

export async function measureItem(
  request: ItemRequest,
  again: boolean,
  context: MeasureContext,
): Promise<MeasuredItem> {
  const { provider, measures, bands, corpus, cache, signal } = context;
  const { item, frame, positions, continuations, controls } = request;
  const { width } = provider.identity;
  const kept = cache.open({
    model: modelKey(provider.identity),
    frame: frame.describe(),
    positions,
    item,
    continuations,
    controls,
    mean: context.corpusKey,
    measures: measures.map(({ name }) => name),
    // What a judge reads is kept with the values, and no measure need have asked for it.
    extras: [...(request.extras ?? [])].sort(),
    bands,
  });
  // What the original tells beyond its topic depends on the others that it is held against.
  const others = request.conditions.filter(({ name }) => name.startsWith("mismatch-")).map(({ text }) => text);
  const keyOf = ({ name, role, text }: ConditionText) =>
    name === "original" ? { name, role, text, others } : { name, role, text };
  const isKept = (condition: ConditionText) => kept.condition(keyOf(condition)) !== null;
  const noiseKey = noiseConditions(request.conditions).map(keyOf);
  const noiseMissing = again && kept.noise(noiseKey) === null;

  const [original] = request.conditions;
  const all = noiseMissing || original === undefined || !isKept(original);
  const missing = request.conditions.filter((condition) => all || !isKept(condition));
  if (missing.length > 0) {
    const read = request.conditions.filter(
      (condition) => missing.includes(condition) || ANCHORS.includes(condition.name),
    );
    const narrowed = { ...request, conditions: read };
    const readings = await readItem(narrowed, provider, signal);
    const reading: ItemReading = { item, conditions: readings, ...corpus, hasDecoy: item.decoy !== null, bands };
    for (const condition of missing) {
      const own = readings.get(condition.name) as ConditionReading;
      const states = toBase64(pack(own, bandStates(bands)));
      kept.keepCondition(keyOf(condition), { record: evaluate(measures, own, reading), states });
    }
    if (noiseMissing) {
      const records = Object.fromEntries(
        missing.map((condition) => [condition.name, (kept.condition(keyOf(condition)) as KeptCondition).record]),
      );
      kept.keepNoise(noiseKey, await measureNoise(narrowed, reading, records, measures, provider, signal));
    }
    kept.save();
  }
  const entries = request.conditions.map(
    (condition) => [condition.name, kept.condition(keyOf(condition)) as KeptCondition] as const,
  );
  return {
    conditions: Object.fromEntries(entries.map(([name, { record }]) => [name, record])),
    states: new Map(entries.map(([name, { states }]) => [name, fromBase64(states, width)])),
    noise: again ? kept.noise(noiseKey) : null,
  };
}
