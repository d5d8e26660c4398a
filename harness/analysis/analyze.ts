/** What a record says: cells, verdicts, gates. A pure function of the record. */
import { EXIT } from "../../errors.ts";
import type { Gate, Verdict } from "../../suites/Suite.ts";
import { type ModelEntry, missingBatches, type RunRecord } from "../RunRecord.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { holm } from "../statistics/holm.ts";
import { type Cell, cells } from "./cells.ts";
import type { TestSettings } from "./contrast.ts";
import { checkAllCloseness, checkFact, type InstrumentCheck } from "./instrument.ts";
import { DISTRIBUTION, STATES } from "./losses.ts";
import { type Table, tables } from "./Table.ts";
import { type FrameVerdict, judge, type VerdictSettings } from "./verdict.ts";

/** Position policies whose scores differ by more are confounded with length. */
const LENGTH_TOLERANCE = 0.05;

export interface ConditionVerdict {
  readonly condition: string;
  readonly verdict: Verdict;
  /** Of the verdict's claim, over all frames; and adjusted by Holm's method over all candidates of the run. */
  readonly p: number | null;
  readonly adjusted: number | null;
  readonly frames: readonly FrameVerdict[];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

export interface ModelAnalysis {
  readonly model: ModelEntry;
  readonly cells: readonly Cell[];
  readonly candidates: readonly ConditionVerdict[];
  /** The foils, judged by the same function: none may come out equivalent. */
  readonly foils: readonly ConditionVerdict[];
  readonly instrument: readonly (InstrumentCheck & { readonly frame: string })[];
  /** Foils that came out equivalent. */
  readonly passedFoils: readonly string[];
  /** Share of items whose joined text would be cut into other tokens, by frame. */
  readonly seams: Readonly<Record<string, number>>;
}

export interface GateResult {
  readonly gate: Gate;
  readonly model: string;
  readonly verdict: Verdict;
  readonly holds: boolean;
}

export interface Analysis {
  readonly models: readonly ModelAnalysis[];
  readonly gates: readonly GateResult[];
  readonly exit: number;
}

function undecided(condition: string, frames: readonly FrameVerdict[], reason: string): ConditionVerdict {
  return { condition, verdict: "inconclusive", p: null, adjusted: null, frames, reasons: [reason], warnings: [] };
}

const isMatched = (frame: string) => frame.endsWith("@matched");

/** A verdict must hold in each frame, and under each position policy. */
function overFrames(condition: string, frames: readonly FrameVerdict[], warnings: readonly string[]): ConditionVerdict {
  const [first] = frames;
  if (first === undefined) return undecided(condition, frames, "no item was read");
  const failed = frames.find(({ verdict }) => verdict === "instrument-failed" || verdict === "unobservable");
  const same = frames.every(({ verdict }) => verdict === first.verdict);
  const verdict = failed?.verdict ?? (same ? first.verdict : "inconclusive");
  const ps = frames.map(({ p }) => p);
  const p = same && ps.every((value) => value !== null) ? Math.max(...(ps as number[])) : null;
  const disagreement =
    same || failed ? [] : [`the frames disagree: ${frames.map((f) => `${f.frame} ${f.verdict}`).join(", ")}`];
  return {
    condition,
    verdict,
    p,
    adjusted: null,
    frames,
    reasons: [...disagreement, ...mergedReasons(frames)],
    warnings,
  };
}

/** Each reason once, with the frames that it holds in where it does not hold in all. */
function mergedReasons(frames: readonly FrameVerdict[]): string[] {
  const where = new Map<string, string[]>();
  for (const { frame, reasons } of frames) {
    for (const reason of reasons) where.set(reason, [...(where.get(reason) ?? []), frame]);
  }
  return [...where].map(([reason, named]) =>
    named.length === frames.length ? reason : `${named.join(", ")}: ${reason}`,
  );
}

/** One warning for all frames in which the position of the readout changes the score. */
function lengthWarnings(list: readonly Cell[], condition: string): string[] {
  const score = (frame: string) =>
    list.find((cell) => cell.condition === condition && cell.frame === frame && cell.measure === DISTRIBUTION)?.score
      ?.value;
  const found = [...new Set(list.map((cell) => cell.frame))].filter(isMatched).flatMap((frame) => {
    const [matched, natural] = [score(frame), score(frame.replace("@matched", ""))];
    if (matched === undefined || natural === undefined || Math.abs(matched - natural) <= LENGTH_TOLERANCE) return [];
    return [`${frame.replace("@matched", "")} ${natural.toFixed(2)} and ${matched.toFixed(2)}`];
  });
  return found.length === 0
    ? []
    : [`length-confounded (score at natural and at matched positions: ${found.join("; ")})`];
}

function analyzeModel(record: RunRecord, model: ModelEntry, tests: TestSettings): ModelAnalysis {
  const { margin } = record.manifest.suite;
  const { perFrame, all } = tables(record, model);
  const shown = perFrame.includes(all) ? perFrame : [...perFrame, all];
  const list = shown.flatMap((table) => cells(record, table, tests));
  const layer = model.headlineBand;
  const measured = new Set(record.manifest.measures.map(({ name }) => name));
  const leftOut = [DISTRIBUTION, STATES].filter((name) => !measured.has(name));
  const unobservable = {
    ...Object.fromEntries(leftOut.map((name) => [name, "the suite's list of measures leaves it out"])),
    ...model.unobservable,
  };
  const settings = new Map<Table, VerdictSettings>(
    perFrame.map((table) => {
      const closeness = checkAllCloseness(table, layer, tests);
      return [table, { ...tests, margin, layer, closeness, fact: checkFact(table, tests), unobservable }];
    }),
  );
  // Matched positions can put the readout inside a longer text's own positions; where not even a paraphrase stands
  // that, the policy measures nothing and decides nothing.
  const idle = perFrame.filter(
    (table) => isMatched(table.frame) && settings.get(table)?.closeness.some((check) => !check.holds),
  );
  const deciding = perFrame.filter((table) => !idle.includes(table));
  const warnings = (condition: string) => [
    ...lengthWarnings(list, condition),
    ...(idle.length === 0
      ? []
      : [`decides nothing, since the controls fail there: ${idle.map(({ frame }) => frame).join(", ")}`]),
  ];
  const judged = (condition: string) => {
    const frames = deciding.map((table) => judge(table, condition, settings.get(table) as VerdictSettings));
    if (missing > 0)
      return undecided(condition, frames, `the record is incomplete: ${missing} of ${planned} batches are missing`);
    return overFrames(condition, frames, warnings(condition));
  };
  const { missing, planned } = missingBatches(record);
  const named = (role: string) =>
    model.conditions.filter((condition) => condition.role === role).map(({ name }) => name);
  const foils = named("foil").map(judged);
  const passedFoils = foils.filter(({ verdict }) => verdict === "equivalent").map(({ condition }) => condition);
  const candidates = named("candidate")
    .map(judged)
    .map((result) =>
      passedFoils.length === 0
        ? result
        : {
            ...result,
            verdict: "instrument-failed" as const,
            p: null,
            reasons: [`a foil came out equivalent: ${passedFoils.join(", ")}`],
          },
    );
  const seams: Record<string, number> = {};
  for (const frame of Object.keys(model.frames)) {
    const batches = record.batches.filter((batch) => batch.model === model.identity.reference && batch.frame === frame);
    if (batches.length > 0) seams[frame] = batches.filter((batch) => batch.seamDiffers).length / batches.length;
  }
  const instrument = [...settings].flatMap(([table, { closeness, fact }]) =>
    [...closeness, fact].map((check) => ({ ...check, frame: table.frame })),
  );
  return { model, cells: list, candidates, foils, instrument, passedFoils, seams };
}

/**
 * Holm over all verdicts of the run; a claim that does not survive becomes inconclusive. A verdict that was tried
 * and claims nothing counts with p = 1: to correct only for what came out would be to choose the family by its result.
 */
function correct(models: readonly ModelAnalysis[], alpha: number): ModelAnalysis[] {
  const tried = ({ p, verdict }: ConditionVerdict) => p !== null || verdict === "inconclusive";
  const claims = models.flatMap(({ candidates }) => candidates.filter(tried).map(({ p }) => p ?? 1));
  const adjusted = holm(claims);
  let at = 0;
  return models.map((model) => ({
    ...model,
    candidates: model.candidates.map((result) => {
      const p = tried(result) ? (adjusted[at++] as number) : 1;
      if (result.p === null) return result;
      if (p < alpha) return { ...result, adjusted: p };
      const reason = `${result.verdict} alone, but not after correction for ${claims.length} verdicts (p = ${p.toPrecision(2)})`;
      return { ...result, adjusted: p, verdict: "inconclusive" as const, reasons: [reason, ...result.reasons] };
    }),
  }));
}

export function analyze(record: RunRecord): Analysis {
  const { gates, alpha, seed } = record.manifest.suite;
  const tests = { alpha, draws: new ClusterResampler(seed) };
  const models = correct(
    record.manifest.models.map((model) => analyzeModel(record, model, tests)),
    alpha,
  );
  const results = gates.flatMap((gate) =>
    models.flatMap(({ model, candidates }) => {
      const found = candidates.find(({ condition }) => condition === gate.candidate);
      if (found === undefined) return [];
      return [{ gate, model: model.identity.reference, verdict: found.verdict, holds: found.verdict === gate.require }];
    }),
  );
  const broken =
    models.some(({ passedFoils }) => passedFoils.length > 0) ||
    results.some(({ holds, verdict }) => !holds && (verdict === "instrument-failed" || verdict === "unobservable"));
  const decided = broken ? EXIT.instrument : results.every(({ holds }) => holds) ? EXIT.ok : EXIT.gate;
  const exit = missingBatches(record).missing > 0 ? EXIT.incomplete : decided;
  return { models, gates: results, exit };
}
