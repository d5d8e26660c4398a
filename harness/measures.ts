/** All measures, in the order in which reports show them. */
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../errors.ts";
import type { Measure } from "./Measure.ts";
import { answerAgreement } from "./measures/answerAgreement.ts";
import { answerDecoy } from "./measures/answerDecoy.ts";
import { answerEmpty } from "./measures/answerEmpty.ts";
import { answerExact } from "./measures/answerExact.ts";
import { answerF1 } from "./measures/answerF1.ts";
import { answerLength } from "./measures/answerLength.ts";
import { answerRefusal } from "./measures/answerRefusal.ts";
import { attentionJs } from "./measures/attentionJs.ts";
import { attentionOutput } from "./measures/attentionOutput.ts";
import { embeddingCosine } from "./measures/embeddingCosine.ts";
import { fact } from "./measures/fact.ts";
import { factBits } from "./measures/factBits.ts";
import { jensenShannon } from "./measures/js.ts";
import { kl, klCumulative, klFirst, klParts, klPerToken } from "./measures/kl.ts";
import { jeffreys, klReverse } from "./measures/klReverse.ts";
import { klSampled } from "./measures/klSampled.ts";
import { klTopk } from "./measures/klTopk.ts";
import { logitsRmsDp } from "./measures/logitsRmsDp.ts";
import { logitsTop1 } from "./measures/logitsTop1.ts";
import { overlap, overlapSubstring } from "./measures/overlap.ts";
import { reconstructionBits } from "./measures/reconstructionBits.ts";
import { information } from "./measures/recoveredInformation.ts";
import { stateCka } from "./measures/stateCka.ts";
import { stateCosine } from "./measures/stateCosine.ts";
import { stateCosineWhitened } from "./measures/stateCosineWhitened.ts";
import { stateExplained } from "./measures/stateExplained.ts";
import { stateFact } from "./measures/stateFact.ts";
import { stateIdentification } from "./measures/stateIdentification.ts";
import { stateKnn } from "./measures/stateKnn.ts";
import { statePooledCosine } from "./measures/statePooledCosine.ts";
import { stateSpectrumKl } from "./measures/stateSpectrumKl.ts";
import { tokensRatio } from "./measures/tokensRatio.ts";
import type { Extra } from "./Reading.ts";
import type { MeasureDescription } from "./RunRecord.ts";

export const MEASURES: readonly Measure[] = [
  kl,
  klPerToken,
  klFirst,
  ...klCumulative,
  ...klParts,
  klReverse,
  jeffreys,
  jensenShannon,
  logitsTop1,
  logitsRmsDp,
  information,
  fact,
  factBits,
  stateExplained,
  stateCosine,
  stateCosineWhitened,
  stateFact,
  ...stateIdentification,
  stateCka,
  stateKnn,
  stateSpectrumKl,
  attentionJs,
  attentionOutput,
  statePooledCosine,
  klTopk,
  klSampled,
  embeddingCosine,
  reconstructionBits,
  answerExact,
  answerF1,
  answerAgreement,
  answerDecoy,
  answerRefusal,
  answerEmpty,
  answerLength,
  overlap,
  overlapSubstring,
  tokensRatio,
];

/** Stands for all measures of answers. */
const ANSWERS = "answer";

/**
 * Names of measures, among which `default` stands for all that cost little and `answer` for all measures of answers.
 * @throws ExpectedError `measure-unknown`.
 */
export function selectMeasures(names: "default" | readonly string[], where: string): readonly Measure[] {
  if (names === "default") return selectMeasures(["default"], where);
  const known = ["default", ANSWERS, ...MEASURES.map((measure) => measure.name)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ExpectedError({
      code: "measure-unknown",
      message: `there is no measure ${unknown}; did you mean ${closest(unknown, known)}?`,
      where,
      hint: `measures: ${known.join(", ")}`,
    });
  }
  const byDefault = names.includes("default");
  const byGroup = names.includes(ANSWERS);
  return MEASURES.filter(
    ({ name, onRequest }) =>
      names.includes(name) || (byDefault && onRequest === undefined) || (byGroup && name.startsWith(`${ANSWERS}.`)),
  );
}

/** What has to be observed for any of these measures beyond what always is. */
export function extrasOf(measures: readonly Measure[]): ReadonlySet<Extra> {
  return new Set(measures.flatMap(({ extras }) => extras ?? []));
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
