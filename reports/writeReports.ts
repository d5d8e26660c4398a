/** Writes a run's reports into its folder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../errors.ts";
import type { Analysis } from "../harness/analysis/analyze.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { writeWhole } from "../writeWhole.ts";
import { badgeJson, badgeSvg } from "./badge.ts";
import { csvReports } from "./csvReports.ts";
import { junitXml } from "./junitXml.ts";
import { resultsJsonl } from "./resultsCsv.ts";
import { resultsJson } from "./resultsJson.ts";
import { resultsJsonSchema } from "./resultsSchema.ts";
import { latexFiles } from "./tables/latexTable.ts";
import { markdownDocument } from "./tables/markdownTable.ts";
import { runTables } from "./tables/runTables.ts";

/** The files of a format, by path inside `reports/`. */
type Files = Readonly<Record<string, string | Uint8Array>>;

/** @param folder of the run, where its states are kept. */
type Format = (record: RunRecord, analysis: Analysis, folder: string) => Files | Promise<Files>;

/** Files by format. Charts and pages bring large libraries, so they are loaded when they are asked for. */
const FORMATS: Readonly<Record<string, Format>> = {
  csv: csvReports,
  json: (record, analysis) => ({
    "results.json": resultsJson(record, analysis),
    "results.schema.json": resultsJsonSchema(),
  }),
  jsonl: (record, analysis) => ({ "results.jsonl": resultsJsonl(record, analysis) }),
  latex: (record, analysis) => latexFiles(runTables(record, analysis)),
  markdown: (record, analysis) => ({ "tables.md": markdownDocument(runTables(record, analysis)) }),
  junit: (record, analysis) => ({ "junit.xml": junitXml(record, analysis) }),
  html: async (record, analysis, folder) => {
    const { htmlReport } = await import("./html/htmlReport.ts");
    return { "report.html": htmlReport(record, analysis, folder) };
  },
  svg: async (record, analysis, folder) => {
    const { figures } = await import("./figures/figures.ts");
    const all = [...figures(record, analysis, folder).values()].flat();
    return Object.fromEntries(all.map(({ name, svg }) => [`figures/${name}.svg`, svg]));
  },
  png: async (record, analysis, folder) => {
    const [{ figures }, { pngOf }] = await Promise.all([import("./figures/figures.ts"), import("./figures/pngOf.ts")]);
    const all = [...figures(record, analysis, folder).values()].flat();
    return Object.fromEntries(all.map(({ name, svg }) => [`figures/${name}.png`, pngOf(svg)]));
  },
  badge: (_, analysis) => ({ "badge.svg": badgeSvg(analysis), "badge.json": badgeJson(analysis) }),
};
const ALL = "all";

function formatOf(name: string): Format {
  const found = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (found !== undefined) return found;
  const names = [...Object.keys(FORMATS), ALL];
  throw new ExpectedError({
    code: "report-format",
    message: `there is no report format ${JSON.stringify(name)}; did you mean ${closest(name, names)}?`,
    where: "--format",
    hint: `available: ${names.join(", ")}`,
  });
}

/**
 * Writes `reports/` in a run's folder and returns the paths. An unknown format is refused before anything is written;
 * each file appears whole or not at all.
 * @param formats names of formats, or `all`
 * @throws ExpectedError `report-format`, `reports-unwritable`, and those of `writeWhole`.
 */
export async function writeReports(
  folder: string,
  record: RunRecord,
  analysis: Analysis,
  formats: readonly string[],
): Promise<string[]> {
  const wanted = formats.flatMap((name) => (name === ALL ? Object.keys(FORMATS) : [name]));
  const makers = [...new Set(wanted)].map(formatOf);
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
  const paths: string[] = [];
  for (const make of makers) {
    for (const [name, content] of Object.entries(await make(record, analysis, folder))) {
      const path = join(reports, name);
      writeWhole(path, content);
      paths.push(path);
    }
  }
  return paths;
}
