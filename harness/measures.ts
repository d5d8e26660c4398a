/** All measures, in the order in which reports show them. */
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../errors.ts";
import type { Measure } from "./Measure.ts";
import { fact } from "./measures/fact.ts";
import { kl, klFirst, klPerToken } from "./measures/kl.ts";
import { logitsTop1 } from "./measures/logitsTop1.ts";
import { overlap } from "./measures/overlap.ts";
import { reconstructionBits } from "./measures/reconstructionBits.ts";
import { information } from "./measures/recoveredInformation.ts";
import { stateCosine } from "./measures/stateCosine.ts";
import { stateExplained } from "./measures/stateExplained.ts";
import { stateFact } from "./measures/stateFact.ts";
import { stateIdentification } from "./measures/stateIdentification.ts";
import { statePooledCosine } from "./measures/statePooledCosine.ts";
import { tokensRatio } from "./measures/tokensRatio.ts";
import type { MeasureDescription } from "./RunRecord.ts";

export const MEASURES: readonly Measure[] = [
  kl,
  klPerToken,
  klFirst,
  logitsTop1,
  information,
  fact,
  stateExplained,
  stateCosine,
  stateFact,
  ...stateIdentification,
  statePooledCosine,
  reconstructionBits,
  overlap,
  tokensRatio,
];

/** @throws ExpectedError `measure-unknown`. */
export function selectMeasures(names: "default" | readonly string[], where: string): readonly Measure[] {
  if (names === "default") return MEASURES;
  const known = MEASURES.map((measure) => measure.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ExpectedError({
      code: "measure-unknown",
      message: `there is no measure ${unknown}; did you mean ${closest(unknown, known)}?`,
      where,
      hint: `measures: ${known.join(", ")}`,
    });
  }
  return MEASURES.filter((measure) => names.includes(measure.name));
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

/** Measures as the manifest keeps them. */
export function describeMeasures(measures: readonly Measure[]): MeasureDescription[] {
  return measures.map((measure) => ({
    name: measure.name,
    definition: measure.definition,
    unit: measure.unit,
    range: [finite(measure.range[0]), finite(measure.range[1])],
    better: measure.better,
    reference: measure.reference,
    perLayer: measure.kind !== "scalar",
    descriptive: measure.descriptive === true,
  }));
}
