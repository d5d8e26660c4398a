/**
 * The noise floor: how far values move when nothing changed. Some items are read again with a few conditions
 * only, so that they share their batches with other rows, and then once more just the same.
 */
import type { Provider } from "../providers/contract.ts";
import { type ConditionRecord, evaluate } from "./evaluate.ts";
import type { Measure } from "./Measure.ts";
import type { ConditionReading, ItemReading } from "./Reading.ts";
import { type ConditionText, type ItemRequest, readItem } from "./readItem.ts";
import { numberOf } from "./Value.ts";

const ITEMS = 3;

/** Indices of the items that are read again: spread over the suite. */
export function noiseItems(count: number): ReadonlySet<number> {
  const chosen = Math.min(ITEMS, count);
  return new Set(Array.from({ length: chosen }, (_, i) => Math.floor((i * count) / chosen)));
}

export interface NoiseDifference {
  readonly measure: string;
  readonly layer: string;
  readonly difference: number;
}

export interface NoiseReading {
  readonly differences: readonly NoiseDifference[];
  /** The original read alone, held against the original in its batch: the ceiling that must be perfect. */
  readonly identity: ConditionRecord;
}

/** What is read again: the original, the first candidate and the first ceiling. */
export function noiseConditions(conditions: readonly ConditionText[]): ConditionText[] {
  const first = (role: ConditionText["role"]) => conditions.filter((condition) => condition.role === role).slice(0, 1);
  return [...first("reference"), ...first("candidate"), ...first("ceiling")];
}

/** Largest |alone − in the batch| and |run − repeat| over the conditions read again, for each measure and layer. */
export async function measureNoise(
  request: ItemRequest,
  reading: ItemReading,
  records: Readonly<Record<string, ConditionRecord>>,
  measures: readonly Measure[],
  provider: Provider,
  signal?: AbortSignal,
): Promise<NoiseReading> {
  const few: ItemRequest = { ...request, conditions: noiseConditions(request.conditions) };
  const compared = few.conditions.slice(1);
  const largest = new Map<string, NoiseDifference>();
  const compare = (a: ConditionRecord, b: ConditionRecord | undefined) => {
    for (const { measure, layer, value } of a.values) {
      const other = b?.values.find((entry) => entry.measure === measure && entry.layer === layer);
      const [x, y] = [numberOf(value), numberOf(other?.value)];
      if (x === null || y === null) continue;
      const key = `${measure}\n${layer}`;
      const difference = Math.max(Math.abs(x - y), largest.get(key)?.difference ?? 0);
      largest.set(key, { measure, layer, difference });
    }
  };
  const readAgain = async () => {
    const readings = await readItem(few, provider, signal);
    // What else a measure looks at (the decoy, the filler) stays as it was first read.
    const item = { ...reading, conditions: new Map([...reading.conditions, ...readings]) };
    const again = compared.map(({ name }) => {
      return { name, record: evaluate(measures, readings.get(name) as ConditionReading, item) };
    });
    const original = readings.get("original") as ConditionReading;
    return { again, identity: evaluate(measures, { ...original, name: "identity" }, reading) };
  };
  const alone = await readAgain();
  const repeated = await readAgain();
  alone.again.forEach(({ name, record }, i) => {
    compare(record, records[name]);
    compare(record, repeated.again[i]?.record);
  });
  return { differences: [...largest.values()], identity: alone.identity };
}
