/** The CSV reports of a run, by file. */
import type { Analysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { comparisonsCsv } from "./comparisonsCsv.ts";
import { dictionaryCsv } from "./dictionaryCsv.ts";
import { itemsCsv } from "./itemsCsv.ts";
import { layersCsv } from "./layersCsv.ts";
import { resultsCsv } from "./resultsCsv.ts";
import { resultsWideCsv } from "./resultsWideCsv.ts";

export function csvReports(record: RunRecord, analysis: Analysis): Record<string, string> {
  return {
    "results.csv": resultsCsv(record, analysis),
    "results-wide.csv": resultsWideCsv(record, analysis),
    "items.csv": itemsCsv(record),
    "layers.csv": layersCsv(record),
    "comparisons.csv": comparisonsCsv(record),
    "dictionary.csv": dictionaryCsv(record, analysis),
  };
}
