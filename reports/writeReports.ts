/** Writes a run's reports into its folder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../errors.ts";
import type { Analysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { writeWhole } from "../writeWhole.ts";
import { comparisonsCsv } from "./comparisonsCsv.ts";
import { itemsCsv } from "./itemsCsv.ts";
import { layersCsv } from "./layersCsv.ts";
import { resultsCsv, resultsJsonl } from "./resultsCsv.ts";
import { resultsJson } from "./resultsJson.ts";

type Report = (record: RunRecord, analysis: Analysis) => string;

/** Files by format. */
const FORMATS: Readonly<Record<string, Readonly<Record<string, Report>>>> = {
  csv: {
    "results.csv": resultsCsv,
    "items.csv": itemsCsv,
    "layers.csv": layersCsv,
    "comparisons.csv": comparisonsCsv,
  },
  json: { "results.json": resultsJson },
  jsonl: { "results.jsonl": resultsJsonl },
};
const LATER = ["latex", "markdown", "html", "junit", "svg", "png"];

function filesOf(format: string): [string, Report][] {
  if (Object.hasOwn(FORMATS, format)) return Object.entries(FORMATS[format] ?? {});
  const names = Object.keys(FORMATS);
  throw new ExpectedError({
    code: "report-format",
    message: LATER.includes(format)
      ? `the report format ${format} is not available yet`
      : `there is no report format ${JSON.stringify(format)}; did you mean ${closest(format, [...names, ...LATER])}?`,
    where: "--format",
    hint: `available: ${names.join(", ")}`,
  });
}

/**
 * Writes `reports/` in a run's folder and returns the paths. An unknown format is refused before anything is written;
 * each file appears whole or not at all.
 * @throws ExpectedError `report-format`, `reports-unwritable`, and those of `writeWhole`.
 */
export function writeReports(
  folder: string,
  record: RunRecord,
  analysis: Analysis,
  formats: readonly string[],
): string[] {
  const files = [...new Set(formats)].flatMap(filesOf);
  const reports = join(folder, "reports");
  try {
    mkdirSync(reports, { recursive: true });
  } catch (error) {
    throw new ExpectedError({
      code: "reports-unwritable",
      message: `could not make the folder ${reports}: ${(error as Error).message}`,
      hint: "make the run's folder writable, or copy the run elsewhere and report on the copy",
      cause: error,
    });
  }
  return files.map(([name, make]) => {
    const path = join(reports, name);
    writeWhole(path, make(record, analysis));
    return path;
  });
}
