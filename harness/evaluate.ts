/** From an item's reading to its record: every measure of every condition, reduced to numbers. */
import { mean } from "simple-statistics";
import type { Measure } from "./Measure.ts";
import { type ConditionReading, type ItemReading, middleOf } from "./Reading.ts";
import type { Said } from "./readAnswers.ts";
import { defined, numberOf, undefinedBecause, type Value } from "./Value.ts";

/** A value of an item's record; `layer` is empty, or a band's name. */
export interface RecordedValue {
  readonly measure: string;
  readonly layer: string;
  readonly value: Value;
}

export interface ConditionRecord extends Partial<Said> {
  readonly tokens: number;
  readonly values: readonly RecordedValue[];
  /** Layer measures at every state; null where undefined. */
  readonly curves: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A band's value is the mean over its states; one that has no number makes it undefined, for the state's reason. */
function overBand(curve: readonly Value[], from: number, to: number): Value {
  const part = curve.slice(from, to + 1);
  const broken = part.find((value) => value.kind !== "defined");
  if (broken?.kind === "bounded") return undefinedBecause("of a state in the band only a bound is known");
  if (broken) return broken;
  if (part.length === 0) return undefinedBecause("the band holds no layer");
  return defined(mean(part.map((value) => numberOf(value) as number)));
}

export function evaluate(
  measures: readonly Measure[],
  condition: ConditionReading,
  item: ItemReading,
): ConditionRecord {
  const values: RecordedValue[] = [];
  const curves: Record<string, (number | null)[]> = {};
  for (const measure of measures) {
    if (measure.kind === "scalar") {
      values.push({ measure: measure.name, layer: "", value: measure.of(condition, item) });
    } else if (measure.kind === "band") {
      for (const band of item.bands) {
        values.push({ measure: measure.name, layer: band.name, value: measure.of(middleOf(band), condition, item) });
      }
    } else if (measure.kind === "layers") {
      const curve = condition.states.map((_, state) => measure.at(state, condition, item));
      // A single state makes no curve.
      if (curve.length > 1) curves[measure.name] = curve.map(numberOf);
      for (const { name, from, to } of item.bands) {
        values.push({ measure: measure.name, layer: name, value: overBand(curve, from, to) });
      }
    }
  }
  const { tokens, answers, restatement } = condition;
  return {
    ...{ tokens, values, curves },
    // What was said stands in the record: a judge reads it, and so may people.
    ...(answers !== null && { answers }),
    ...(restatement !== null && { restatement }),
  };
}
