/**
 * The noise floor: how far values move when nothing changed. Some items are read again with a few conditions
 * only, so that they share their batches with other rows, and then once more just the same.
 */
import type { Provider } from "../providers/contract.ts";
import { type ConditionRecord, evaluate } from "./evaluate.ts";
import type { Measure } from "./Measure.ts";
import type { ItemReading } from "./Reading.ts";
import { type ItemRequest, readItem } from "./readItem.ts";
import { numberOf } from "./Value.ts";

const ITEMS = 3;

/** Indices of the items that are read again: spread over the suite. */
export function noiseItems(count: number): ReadonlySet<number> {
  return new Set(Array.from({ length: Math.min(ITEMS, count) }, (_, i) => Math.floor((i * count) / ITEMS)));
}

export interface NoiseDifference {
  readonly measure: string;
  readonly layer: string;
  readonly difference: number;
}

/** Largest |alone − in the batch| and |run − repeat| over the conditions read again, for each measure and layer. */
export async function measureNoise(
  request: ItemRequest,
  reading: ItemReading,
  records: Readonly<Record<string, ConditionRecord>>,
  measures: readonly Measure[],
  provider: Provider,
  signal?: AbortSignal,
): Promise<NoiseDifference[]> {
  const [original, ...rest] = request.conditions;
  const chosen = [
    ...rest.filter(({ role }) => role === "candidate").slice(0, 1),
    ...rest.filter(({ role }) => role === "ceiling").slice(0, 1),
  ];
  if (original === undefined || chosen.length === 0) return [];
  const few: ItemRequest = { ...request, conditions: [original, ...chosen] };
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
    return chosen.map(({ name }) => ({ name, record: evaluate(measures, readings.get(name) as never, item) }));
  };
  const alone = await readAgain();
  const repeated = await readAgain();
  alone.forEach(({ name, record }, i) => {
    compare(record, records[name]);
    compare(record, repeated[i]?.record);
  });
  return [...largest.values()];
}
