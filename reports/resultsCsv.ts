/** reports/results.csv: the verdicts, and each measure of each condition with interval, floor, ceiling and score. */
import type { Analysis, ConditionVerdict, ModelAnalysis } from "../harness/analysis/analyze.ts";
import type { Cell as ResultCell } from "../harness/analysis/cells.ts";
import { testable } from "../harness/analysis/contrast.ts";
import { DISTRIBUTION, STATES } from "../harness/analysis/losses.ts";
import { NoiseFloors } from "../harness/analysis/NoiseFloors.ts";
import type { FrameVerdict } from "../harness/analysis/verdict.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { type Cell, csvText } from "./csvText.ts";

const COLUMNS = [
  "suite",
  "model",
  "frame",
  "condition",
  "role",
  "measure",
  "unit",
  "n",
  "value",
  "low",
  "high",
  "floor",
  "ceiling",
  "score",
  "score_low",
  "score_high",
  "p",
  "p_adjusted",
  "verdict",
  "warnings",
  "layer",
  "score_identity",
  "noise_floor",
] as const;

/** A row of results.csv; what it does not name is an empty cell. */
export type ResultRow = Readonly<Partial<Record<(typeof COLUMNS)[number], Cell>>>;

/** Items that the smallest part of a verdict rests on; null where none could be tested. */
function smallestPart({ parts }: FrameVerdict): number | null {
  // Lost facts are counted on some of the items by design.
  const tested = parts
    .filter((part) => part.name !== "D fact")
    .filter(testable)
    .map(({ n }) => n);
  return tested.length > 0 ? Math.min(...tested) : null;
}

/** One row a frame, and one for all of them where there are several: only the last is the verdict. */
function verdictRows(
  suite: string,
  { model }: ModelAnalysis,
  role: "candidate" | "foil",
  found: ConditionVerdict,
): ResultRow[] {
  const common = { suite, model: model.identity.reference, condition: found.condition, role, measure: "verdict" };
  const sizes = found.frames.map(smallestPart);
  const n = sizes.every((size) => size !== null) ? Math.min(...(sizes as number[])) : null;
  const correction = role === "foil" ? ["a check of the instrument: not corrected for multiplicity"] : [];
  const result = {
    n,
    p: found.p,
    p_adjusted: found.adjusted,
    verdict: found.verdict,
    warnings: [...found.reasons, ...found.warnings, ...correction].join("; "),
  };
  const [only, second] = found.frames;
  if (only !== undefined && second === undefined) return [{ ...common, frame: only.frame, ...result }];
  const perFrame = found.frames.map((frame, i) => ({
    ...common,
    frame: frame.frame,
    n: sizes[i] ?? null,
    p: frame.p,
    verdict: frame.verdict,
    warnings: [...frame.reasons, "this frame alone, uncorrected: the verdict stands under the frame all"].join("; "),
  }));
  return [...perFrame, { ...common, frame: "all", ...result }];
}

/** Measures that the provider cannot show: a cell for each candidate, with the reason. */
function unobservableRows(record: RunRecord, { model, candidates }: ModelAnalysis): ResultRow[] {
  const { suite, measures } = record.manifest;
  return candidates.flatMap(({ condition, frames }) =>
    frames.flatMap(({ frame }) =>
      Object.entries(model.unobservable).map(([measure, reason]) => ({
        suite: suite.name,
        model: model.identity.reference,
        frame,
        condition,
        role: "candidate",
        measure,
        unit: measures.find(({ name }) => name === measure)?.unit ?? "",
        verdict: "unobservable",
        warnings: reason,
      })),
    ),
  );
}

/** Whether a cell's p-value is one that a verdict rests on. */
function entersVerdict(cell: ResultCell, { model, candidates, foils }: ModelAnalysis): boolean {
  const judged = [...candidates, ...foils].find(({ condition }) => condition === cell.condition);
  const decisive = cell.measure === DISTRIBUTION || (cell.measure === STATES && cell.layer === model.headlineBand);
  return decisive && judged?.frames.some(({ frame }) => frame === cell.frame) === true;
}

function cellRow(suite: string, cell: ResultCell, analysis: ModelAnalysis, noise: NoiseFloors): ResultRow {
  const exploratory = cell.p !== null && !entersVerdict(cell, analysis) ? ["exploratory: p enters no verdict"] : [];
  return {
    suite,
    model: cell.model,
    frame: cell.frame,
    condition: cell.condition,
    role: cell.role,
    measure: cell.measure,
    unit: cell.unit,
    n: cell.n,
    value: cell.estimate?.value ?? null,
    low: cell.estimate?.low ?? null,
    high: cell.estimate?.high ?? null,
    floor: cell.floor,
    ceiling: cell.ceiling,
    score: cell.score?.value ?? null,
    score_low: cell.score?.low ?? null,
    score_high: cell.score?.high ?? null,
    p: cell.p,
    warnings: [...cell.warnings, ...exploratory].join("; "),
    layer: cell.layer,
    score_identity: cell.identityScore,
    noise_floor: noise.of(cell.measure, cell.layer)?.ofMean ?? null,
  };
}

/** Model by model: verdicts, then cells, then what could not be observed. */
function resultRows(record: RunRecord, analysis: Analysis): ResultRow[] {
  const suite = record.manifest.suite.name;
  return analysis.models.flatMap((model) => {
    const frames = [...new Set(model.cells.map(({ frame }) => frame))];
    const noise = new Map(frames.map((frame) => [frame, new NoiseFloors(record, model.model, frame)]));
    return [
      ...model.candidates.flatMap((found) => verdictRows(suite, model, "candidate", found)),
      ...model.foils.flatMap((found) => verdictRows(suite, model, "foil", found)),
      ...model.cells.map((cell) => cellRow(suite, cell, model, noise.get(cell.frame) as NoiseFloors)),
      ...unobservableRows(record, model),
    ];
  });
}

export function resultsCsv(record: RunRecord, analysis: Analysis): string {
  return csvText(
    COLUMNS,
    resultRows(record, analysis).map((row) => COLUMNS.map((column) => row[column] ?? null)),
  );
}

/** The same rows as JSON Lines; empty cells are left out. */
export function resultsJsonl(record: RunRecord, analysis: Analysis): string {
  const line = (row: ResultRow) => {
    const filled = COLUMNS.flatMap((column) => {
      const cell = row[column] ?? null;
      return cell === null || cell === "" ? [] : [[column, cell] as const];
    });
    return `${JSON.stringify(Object.fromEntries(filled))}\n`;
  };
  return resultRows(record, analysis).map(line).join("");
}
