/** One codebook on several models, side by side; null where a run has one model. */
import type { Analysis, ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { GOOD } from "../../harness/analysis/comparedMeasures.ts";
import { linearisedScore, scoreColumns } from "../../harness/analysis/linearisedScore.ts";
import { DISTRIBUTION, FACT, STATES } from "../../harness/analysis/losses.ts";
import { combine, type Table, tables } from "../../harness/analysis/Table.ts";
import { good, goodLimit } from "../../harness/analysis/tail.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { clusterMean } from "../../harness/statistics/clusterMean.ts";
import { bestModel } from "./best.ts";
import { meanCell, measuredCell, paperNumber } from "./conditionCells.ts";
import type { PaperCell, PaperTable } from "./PaperTable.ts";
import { framesRead, runCaption } from "./runCaption.ts";

/** Of the fact, 0 is the decoy and 1 the paraphrase, with the interval of the linearised ratio. */
function factScore(table: Table, condition: string, best: boolean): PaperCell {
  const columns = scoreColumns(table, condition, { name: FACT, better: "higher" }, "");
  if (!columns.defined) return { missing: columns.reason };
  const parts = [columns.floor, columns.ceiling, columns.own] as const;
  const of = (at: number) => combine(table.clusters, parts, (...row) => row[at] as number);
  const { clusters } = of(0);
  const scored = linearisedScore(of(0).values, of(1).values, of(2).values, clusters);
  if (!scored.defined) return { missing: scored.reason };
  const estimate = clusterMean(scored.values, clusters);
  const ends = estimate.defined ? { low: estimate.low, high: estimate.high } : { low: null, high: null };
  return paperNumber({ value: scored.score, ...ends }, estimate.defined ? "" : estimate.reason, best);
}

function goodShare(table: Table, condition: string, best: boolean): PaperCell {
  const limit = goodLimit(table);
  if (limit === null) return { missing: "no paraphrase has a value of kl" };
  const { values, clusters } = combine(table.clusters, [good(table, condition, limit)], (value) => value);
  const cell = meanCell(values, clusters, best);
  if (typeof cell === "string" || "missing" in cell || cell.low === null || cell.high === null) return cell;
  // The t interval of a share does not know that it ends at 0 and 1.
  return { ...cell, low: Math.max(0, cell.low), high: Math.min(1, cell.high) };
}

const MEASURES = ["tokens ratio", "score of K", "score of states", "score of fact", "good items", "verdict"] as const;

function cellOf(
  record: RunRecord,
  analysis: ModelAnalysis,
  condition: string,
  measure: (typeof MEASURES)[number],
): PaperCell {
  const table = tables(record, analysis.model).all;
  const { frame } = table;
  const best = (name: string) => bestModel(record, condition, name, analysis.model.identity.reference);
  const verdict = analysis.candidates.find((found) => found.condition === condition)?.verdict;
  if (verdict === undefined) return { missing: "the candidate was not read on this model" };
  switch (measure) {
    case "tokens ratio":
      return measuredCell(record, analysis, { frame, condition, measure: "tokens.ratio", of: "estimate" });
    case "score of K":
      return measuredCell(record, analysis, {
        frame,
        condition,
        measure: DISTRIBUTION,
        of: "score",
        best: best(DISTRIBUTION),
      });
    case "score of states":
      return measuredCell(record, analysis, { frame, condition, measure: STATES, of: "score", best: best(STATES) });
    case "score of fact":
      return factScore(table, condition, best(FACT));
    case "good items":
      return goodShare(table, condition, best(GOOD));
    case "verdict":
      return verdict;
  }
}

export function modelsTable(record: RunRecord, analysis: Analysis): PaperTable | null {
  if (analysis.models.length < 2) return null;
  const candidates = [
    ...new Set(analysis.models.flatMap(({ candidates: list }) => list.map(({ condition }) => condition))),
  ];
  const names = analysis.models.map(({ model }) => model.identity.reference);
  return {
    name: "models",
    caption: runCaption(record, "The same codes on several models", framesRead(record, analysis)),
    keys: ["condition", "measure"],
    columns: names,
    rows: candidates.flatMap((condition) =>
      MEASURES.map((measure) => [
        condition,
        measure,
        ...analysis.models.map((model) => cellOf(record, model, condition, measure)),
      ]),
    ),
    notes: [
      "Scores are each model's own: 0 a wrong text (of the fact: the decoy), 1 a human paraphrase.",
      "Good items: share of items as close as 95 % of paraphrases, with the fact kept.",
    ],
  };
}
