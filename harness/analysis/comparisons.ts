/**
 * What stands beside what in one run: each pair of its models on each candidate (compareModels.ts), each pair of its
 * candidates on each model (compareCandidates.ts), paired by item.
 *
 * The measures that a verdict rests on are tested: Holm's method corrects over all tests of one kind, for "which model?"
 * and "which code?" are two questions. Everything else is shown with its interval and without a p-value.
 */
import type { RunRecord } from "../RunRecord.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { holm } from "../statistics/holm.ts";
import { compareCandidates } from "./compareCandidates.ts";
import type { ComparedModel, RawComparison } from "./comparedMeasures.ts";
import { compareModels } from "./compareModels.ts";
import { NoiseFloors } from "./NoiseFloors.ts";
import { tables } from "./Table.ts";
import { FEWEST_CLUSTERS } from "./verdict.ts";

export interface Comparison extends RawComparison {
  /** p by Holm's method over the tests of this kind. */
  readonly adjusted: number | null;
  /** Empty where the data do not decide, or nothing was tested. */
  readonly finding: "first closer" | "second closer" | "below noise" | "";
}

/** @param alpha one-sided, as everywhere: a two-sided claim takes p < 2α. */
function decided(raw: RawComparison, adjusted: number | null, alpha: number): Comparison {
  const { difference, noise, clusters, better } = raw;
  const finding = (): Comparison["finding"] => {
    if (difference === null) return "";
    if (noise !== null && Math.abs(difference) <= noise) return "below noise";
    if (adjusted === null || !(adjusted < 2 * alpha) || clusters < FEWEST_CLUSTERS) return "";
    return difference < 0 === (better === "lower") ? "first closer" : "second closer";
  };
  return { ...raw, adjusted, finding: finding() };
}

/** Several reports show the same comparisons of a record: they are made once. */
const made = new WeakMap<RunRecord, readonly Comparison[]>();

/** Pairs in the order of the record: models, then candidates. Empty with one model and one candidate. */
export function comparisons(record: RunRecord): readonly Comparison[] {
  const known = made.get(record);
  if (known) return known;
  const list = compare(record);
  made.set(record, list);
  return list;
}

function compare(record: RunRecord): Comparison[] {
  const { alpha, seed } = record.manifest.suite;
  const draws = new ClusterResampler(seed);
  const models = record.manifest.models.map((entry): ComparedModel => {
    const table = tables(record, entry).all;
    const candidates = entry.conditions.filter(({ role }) => role === "candidate").map(({ name }) => name);
    return { entry, table, noise: new NoiseFloors(record, entry, table.frame), candidates };
  });
  return [compareModels(record, models, draws), compareCandidates(record, models, draws)].flatMap((list) => {
    // A test without a p-value was tried, and counts.
    const family = list.filter(({ tested }) => tested);
    const adjusted = holm(family.map(({ p }) => p ?? 1));
    const of = new Map(family.map((raw, i) => [raw, raw.p === null ? null : (adjusted[i] as number)]));
    return list.map((raw) => decided(raw, of.get(raw) ?? null, alpha));
  });
}
