/** What the two kinds of comparison within a run share: what is compared, and the shape of a result. */
import type { MeasureDescription, ModelEntry, RunRecord } from "../RunRecord.ts";
import { DISTRIBUTION, FACT, STATES } from "./losses.ts";
import type { NoiseFloors } from "./NoiseFloors.ts";
import type { PairedDifference } from "./pairedDifference.ts";
import type { Table } from "./Table.ts";

/** Share of items as close as 95 % of paraphrases are, with their facts kept: what part D of a verdict counts. */
export const GOOD = "good";

export interface RawComparison extends PairedDifference {
  readonly kind: "models" | "candidates";
  /** The model that candidates are compared on, the candidate that models are compared on; the other is null. */
  readonly model: string | null;
  readonly condition: string | null;
  /** `difference` is first − second. */
  readonly first: string;
  readonly second: string;
  readonly measure: string;
  readonly layer: string;
  readonly frame: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** The noise floor of the difference, in its unit; null where it was not measured. */
  readonly noise: number | null;
  /** One of the tests that are corrected for; else for display. */
  readonly tested: boolean;
}

/** A model of the record, ready to be compared. */
export interface ComparedModel {
  readonly entry: ModelEntry;
  readonly table: Table;
  readonly noise: NoiseFloors;
  readonly candidates: readonly string[];
}

export interface ComparedMeasure extends MeasureDescription {
  readonly layer: string;
  readonly tested: boolean;
}

const DECISIVE = [DISTRIBUTION, STATES, FACT];

/** Measures of a quality, those per layer in the headline band, as far as all these models show them. */
export function comparedMeasures(record: RunRecord, models: readonly ModelEntry[]): ComparedMeasure[] {
  return record.manifest.measures
    .filter(({ name, descriptive }) => !descriptive && models.every(({ unobservable }) => !(name in unobservable)))
    .map((measure) => ({
      ...measure,
      layer: measure.perLayer ? (models[0]?.headlineBand ?? "") : "",
      tested: DECISIVE.includes(measure.name),
    }));
}

/** Every two of a list, in its order. */
export function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((first, i) => list.slice(i + 1).map((second): [T, T] => [first, second]));
}
