/**
 * Every two models of a run on the same candidate, paired by item: differences of scores, each model's on its own way
 * from wrong text to paraphrase (linearisedScore.ts says why not of values), and of shares of good items.
 */
import type { RunRecord } from "../RunRecord.ts";
import type { ClusterDraws } from "../statistics/ClusterResampler.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { type ComparedModel, comparedMeasures, GOOD, pairs, type RawComparison } from "./comparedMeasures.ts";
import { type LinearisedScore, linearisedScore, scoreColumns } from "./linearisedScore.ts";
import type { MeasureKey } from "./losses.ts";
import { nothingPaired, type PairedDifference, pairedDifference } from "./pairedDifference.ts";
import { pairedShares } from "./pairedShares.ts";
import { type Column, combine, type Table } from "./Table.ts";
import { good, goodLimit } from "./tail.ts";

/** Where a score is formed: a condition of one model, and rows of its table that stand beside the other's. */
export interface ScorePlace {
  readonly table: Table;
  readonly condition: string;
  /** Indices of items; all of them unless given. */
  readonly rows?: readonly number[];
}

export interface ScoreDifference {
  readonly paired: PairedDifference;
  /** Null where one of them has none. */
  readonly scores: readonly [LinearisedScore, LinearisedScore] | null;
}

/**
 * Difference of two scores over the items that have all six values.
 * @param clusters of the rows, [rows]
 */
export function scoreDifference(
  places: readonly [ScorePlace, ScorePlace],
  measure: MeasureKey,
  layer: string,
  clusters: readonly string[],
  draws: ClusterDraws | null,
): ScoreDifference {
  const failed = (reason: string) => ({ paired: nothingPaired(reason), scores: null });
  const columns: Column[] = [];
  for (const { table, condition, rows } of places) {
    const found = scoreColumns(table, condition, measure, layer);
    if (!found.defined) return failed(`${table.model.identity.reference}: ${found.reason}`);
    const picked = [found.floor, found.ceiling, found.own];
    columns.push(...(rows ? picked.map((column) => rows.map((row) => column[row] ?? null)) : picked));
  }
  const parts = columns.map((_, k) => combine(clusters, columns, (...row) => row[k] as number).values);
  const kept = combine(clusters, columns, () => 0).clusters;
  const scores = [0, 3].map((at) => linearisedScore(parts[at] ?? [], parts[at + 1] ?? [], parts[at + 2] ?? [], kept));
  const [first, second] = scores as [Estimate<LinearisedScore>, Estimate<LinearisedScore>];
  const unscaled = scores.findIndex(({ defined }) => !defined);
  if (!first.defined || !second.defined) {
    const { reason } = scores[unscaled] as { reason: string };
    return failed(`${places[unscaled]?.table.model.identity.reference}: ${reason}`);
  }
  const differences = first.values.map((value, i) => value - (second.values[i] as number));
  return { paired: pairedDifference(differences, kept, draws), scores: [first, second] };
}

function shares(tables: readonly [Table, Table], condition: string): PairedDifference {
  const columns: Column[] = [];
  for (const table of tables) {
    const limit = goodLimit(table);
    if (limit === null) return nothingPaired(`${table.model.identity.reference}: no paraphrase has a value of kl`);
    columns.push(good(table, condition, limit));
  }
  const kept = combine(tables[0].clusters, columns, (first) => first);
  return pairedShares(kept.values, combine(tables[0].clusters, columns, (_, second) => second).values, kept.clusters);
}

export function compareModels(
  record: RunRecord,
  models: readonly ComparedModel[],
  draws: ClusterDraws,
): RawComparison[] {
  return pairs(models).flatMap(([one, other]) => {
    const common = { first: one.entry.identity.reference, second: other.entry.identity.reference };
    const places = (condition: string) =>
      [
        { table: one.table, condition },
        { table: other.table, condition },
      ] as const;
    return one.candidates
      .filter((condition) => other.candidates.includes(condition))
      .flatMap((condition): RawComparison[] => {
        const place = { kind: "models", model: null, condition, ...common, frame: one.table.frame } as const;
        const rows = comparedMeasures(record, [one.entry, other.entry]).map((measure): RawComparison => {
          const { name, layer, tested } = measure;
          const { paired, scores } = scoreDifference(
            places(condition),
            measure,
            layer,
            one.table.clusters,
            tested ? draws : null,
          );
          const floors = [one, other].map(({ noise }, k) => {
            const [floor, span] = [noise.of(name, layer)?.ofMean, scores?.[k]?.span];
            return floor === undefined || span === undefined ? null : floor / span;
          });
          const noise = floors.every((floor) => floor !== null) ? Math.hypot(...(floors as number[])) : null;
          return { ...place, measure: name, layer, unit: "score", better: "higher", noise, tested, ...paired };
        });
        const share = shares([one.table, other.table], condition);
        const more = { measure: GOOD, layer: "", unit: "share of items", better: "higher", noise: null } as const;
        return [...rows, { ...place, ...more, tested: true, ...share }];
      });
  });
}
