/** reports/dictionary.csv: what each column of each CSV report means, in what unit, and when it is empty. */
import type { Analysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { type ColumnDescription, CSV_COLUMNS } from "./csvColumns.ts";
import { type Cell, csvText } from "./csvText.ts";
import { wideMeasures } from "./resultsWideCsv.ts";

const COLUMNS = ["file", "column", "type", "unit", "meaning", "empty", "key"];

/** The six columns of each measure, with the measure's own definition. */
function measureColumns({ manifest }: RunRecord, analysis: Analysis): ColumnDescription[] {
  const absent = "no item has a value under this condition";
  const unscored = "the measure is descriptive, or the condition is a floor or the original";
  return wideMeasures(analysis).flatMap(({ name, measure, layer, unit }) => {
    const definition = manifest.measures.find((entry) => entry.name === measure)?.definition ?? measure;
    const where = layer === "" ? "" : `, mean over layers ${layer}`;
    const column = (ending: string, of: string, meaning: string, empty: string): ColumnDescription => ({
      name: `${name}${ending}`,
      type: "number",
      unit: of,
      meaning,
      empty,
    });
    return [
      column("", unit, `mean over items: ${definition}${where}`, absent),
      column(".low", unit, "lower end of its cluster-robust 95 % interval", `${absent}, or fewer than two clusters`),
      column(".high", unit, "upper end of its cluster-robust 95 % interval", `${absent}, or fewer than two clusters`),
      column(".score", "share of the way", "0: a wrong text, 1: a human paraphrase", unscored),
      column(".score_low", "share of the way", "lower end of Fieller's 95 % interval", `${unscored}; or unbounded`),
      column(".score_high", "share of the way", "upper end of Fieller's 95 % interval", `${unscored}; or unbounded`),
    ];
  });
}

export function dictionaryCsv(record: RunRecord, analysis: Analysis): string {
  const rows = Object.entries(CSV_COLUMNS).flatMap(([file, described]) => {
    const columns = file === "results-wide.csv" ? [...described, ...measureColumns(record, analysis)] : described;
    return columns.map(({ name, type, unit, meaning, empty, key }): Cell[] => [
      file,
      name,
      type,
      unit,
      meaning,
      empty,
      key ? "yes" : "",
    ]);
  });
  return csvText(COLUMNS, rows);
}
