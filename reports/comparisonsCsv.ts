/** reports/comparisons.csv: models and candidates of the run, two by two, paired by item. Tidy: one row a difference. */
import { type Comparison, comparisons } from "../harness/analysis/comparisons.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { type Cell, csvText } from "./csvText.ts";

const COLUMNS = [
  "kind",
  "measure",
  "layer",
  "frame",
  "first",
  "second",
  "n",
  "clusters",
  "difference",
  "low",
  "high",
  "d",
  "g",
  "p",
  "p_adjusted",
  "unit",
  "model",
  "condition",
  "noise_floor",
  "finding",
  "reason",
  "suite",
];

function row(comparison: Comparison, suite: string): Cell[] {
  const { kind, measure, layer, frame, first, second, n, clusters, difference, low, high, d, g, p } = comparison;
  const { adjusted, unit, model, condition, noise, finding, tested } = comparison;
  const reason = [comparison.reason, ...(tested ? [] : ["exploratory: not tested"])].filter((text) => text !== "");
  const values = [n, clusters, difference, low, high, d, g, p, adjusted, unit, model, condition, noise, finding];
  return [kind, measure, layer, frame, first, second, ...values, reason.join("; "), suite];
}

/** `difference` is first − second, in `unit`; `model` or `condition` says on what the two are compared. */
export function comparisonsCsv(record: RunRecord): string {
  const { name } = record.manifest.suite;
  return csvText(
    COLUMNS,
    comparisons(record).map((comparison) => row(comparison, name)),
  );
}
