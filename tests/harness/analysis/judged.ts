/** A planted record, analysed, and its verdicts by name. */
import { analyze, type ConditionVerdict } from "../../../harness/analysis/analyze.ts";
import { DRAWS, type Draw, type Plant, planted } from "./plantedRecord.ts";

/** `first`: of the record's models. */
export function model(plant: Partial<Plant> & Pick<Plant, "candidates">) {
  const analysis = analyze(planted({ seed: 1, ...plant }));
  const [first] = analysis.models;
  if (!first) throw new Error("no model");
  const named = (name: string) =>
    [...first.candidates, ...first.foils].find(({ condition }) => condition === name) as ConditionVerdict;
  return { analysis, first, named, verdict: (name: string) => named(name).verdict };
}

export const every = (...draws: [string, Draw][]) => ({ candidates: Object.fromEntries(draws) });
export const good = every(["good", DRAWS.good]);
