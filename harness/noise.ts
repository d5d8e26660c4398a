/**
 * The noise floor: how far values move when nothing changed. Two sources, kept apart because they shrink differently:
 *
 *   arithmetic    |alone − in a batch| and |run − repeat|: some items are read again with a few conditions only, so
 *                 that they share their batches with other rows, and then once more just the same
 *   Monte Carlo   a value is a mean over M sampled continuations, v = (1/M) Σ_m v_m, and other M would have given
 *                 another: SE = √(Σ_m (v_m − v̄)² / (M (M − 1))). It falls with items and continuations, arithmetic
 *                 does not (analysis/NoiseFloors.ts puts them together).
 */
import { rootMeanSquare, sampleStandardDeviation } from "simple-statistics";
import type { Provider } from "../providers/contract.ts";
import { type ConditionRecord, evaluate } from "./evaluate.ts";
import type { ConditionText, ItemRequest } from "./ItemRequest.ts";
import type { Measure } from "./Measure.ts";
import type { ConditionReading, ItemReading } from "./Reading.ts";
import { readItem } from "./readItem.ts";
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
  /** Arithmetic: the largest difference over the conditions read again, in the measure's unit. */
  readonly difference: number;
  /**
   * Standard error over the continuations, root mean square over the conditions read again; 0 for what does not depend
   * on them. Absent where there are fewer than two continuations, or a single one gives the measure no value.
   */
  readonly monteCarlo?: number;
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

/** A reading as if only its m-th continuation had been sampled. */
function withContinuation(condition: ConditionReading, m: number): ConditionReading {
  return {
    ...condition,
    continuations: condition.continuations.slice(m, m + 1),
    continued: condition.continued.slice(m, m + 1),
    reverse: condition.reverse?.slice(m, m + 1) ?? null,
  };
}

/** Standard errors over the continuations that a condition was read with, by measure. */
export function monteCarloErrors(
  measures: readonly Measure[],
  condition: ConditionReading,
  item: ItemReading,
): Map<string, number> {
  const counts = [condition.continued.length, condition.reverse?.length ?? Number.POSITIVE_INFINITY];
  const samples = Math.min(...counts);
  const errors = new Map<string, number>();
  if (samples < 2) return errors;
  const scalars = measures.filter((measure) => measure.kind === "scalar");
  const each = Array.from({ length: samples }, (_, m) => {
    const conditions = new Map([...item.conditions].map(([name, other]) => [name, withContinuation(other, m)]));
    return evaluate(scalars, withContinuation(condition, m), { ...item, conditions }).values;
  });
  scalars.forEach(({ name }, i) => {
    const values = each.map((one) => numberOf(one[i]?.value));
    if (!values.every((value) => value !== null)) return;
    const spread = sampleStandardDeviation(values);
    if (Number.isFinite(spread)) errors.set(name, spread / Math.sqrt(samples));
  });
  return errors;
}

/** Noise over the conditions read again (the original apart), for each measure and layer. */
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
  const errors = compared.map(({ name }) => {
    return monteCarloErrors(measures, reading.conditions.get(name) as ConditionReading, reading);
  });
  const differences = [...largest.values()].map((entry) => {
    const found = entry.layer === "" ? errors.flatMap((each) => each.get(entry.measure) ?? []) : [];
    return found.length === 0 ? entry : { ...entry, monteCarlo: rootMeanSquare(found) };
  });
  return { differences, identity: alone.identity };
}
