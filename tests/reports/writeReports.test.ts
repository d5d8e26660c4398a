import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExpectedError } from "../../errors.ts";
import { analyze } from "../../harness/analysis/analyze.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { IDS, sampleRecord } from "./sample.ts";

const record = sampleRecord({ gates: [{ candidate: "code", require: "different" }] });
/** The sample has no kept states to project. */
const FIGURES = ["forest-tiny", "cost-tiny", "layers-state-explained-tiny", "heat-state-explained-tiny"];
const folder = () => mkdtempSync(join(tmpdir(), "isoglyph-reports-"));

async function failure(at: string, formats: readonly string[]): Promise<ExpectedError> {
  try {
    await writeReports(at, record, analyze(record), formats);
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("made twice, reports are the same byte for byte, and nothing else is left behind", async () => {
  const [one, two] = [folder(), folder()];
  const formats = ["csv", "all", "csv"];
  const paths = await writeReports(one, record, analyze(record), formats);
  const tables = ["tables.tex", "tables/activations.tex", "tables/activations.csv", "tables/tokens.tex"];
  const names = [
    ...["results.csv", "results-wide.csv", "items.csv", "layers.csv", "comparisons.csv", "dictionary.csv"],
    ...["results.json", "results.schema.json", "results.jsonl"],
    ...[...tables, "tables/tokens.csv", "tables.md", "junit.xml"],
    ...[
      "report.html",
      ...FIGURES.map((name) => `figures/${name}.svg`),
      ...FIGURES.map((name) => `figures/${name}.png`),
    ],
    ...["badge.svg", "badge.json"],
  ];
  expect(paths).toEqual(names.map((name) => join(one, "reports", name)));
  // A copy that went through JSON, as a record that is read from its folder has.
  const copy = JSON.parse(JSON.stringify(record)) as typeof record;
  await writeReports(two, copy, analyze(copy), formats);
  rmSync(join(two, "reports"), { recursive: true });
  await writeReports(two, copy, analyze(copy), formats);
  for (const name of names) {
    const [first, second] = [one, two].map((at) => readFileSync(join(at, "reports", name)));
    expect(first?.equals(second as Buffer)).toBe(true);
  }
  const left = readdirSync(join(two, "reports"), { recursive: true }).map(String);
  expect(left.filter((name) => !["tables", "figures"].includes(name)).sort()).toEqual(names.toSorted());
});

test("CSV is UTF-8 without a byte order mark", async () => {
  const at = folder();
  const [, , items] = await writeReports(at, record, analyze(record), ["csv"]);
  const bytes = readFileSync(items as string);
  expect(bytes.subarray(0, 5).toString()).toBe("suite");
  expect(bytes.includes(Buffer.from(IDS[3] as string, "utf8"))).toBe(true);
});

test("results.json holds the analysis", async () => {
  const at = folder();
  const analysis = analyze(record);
  const [path] = await writeReports(at, record, analysis, ["json"]);
  const report = JSON.parse(readFileSync(path as string, "utf8"));
  expect(report).toMatchObject({
    signature: "isoglyph test",
    exit: analysis.exit,
    gates: [{ model: "tiny", holds: false }],
  });
  expect(report.models).toHaveLength(1);
  expect(report.models[0]).toMatchObject({
    model: "tiny",
    candidates: [{ condition: "code", verdict: "inconclusive", adjusted: null }],
  });
  expect(report.models[0].cells).toEqual(JSON.parse(JSON.stringify(analysis.models[0]?.cells)));
});

test("unknown formats are refused before anything is written", async () => {
  const at = folder();
  expect(await failure(at, ["csv", "jsom"])).toMatchObject({
    code: "report-format",
    exit: 2,
    message: 'there is no report format "jsom"; did you mean json?',
    hint: "available: csv, json, jsonl, latex, markdown, junit, html, svg, png, badge, all",
  });
  expect((await failure(at, ["constructor"])).code).toBe("report-format");
  expect(readdirSync(at)).toEqual([]);
});

test("a folder that cannot be made says so", async () => {
  const at = folder();
  writeFileSync(join(at, "reports"), "");
  expect(await failure(at, ["csv"])).toMatchObject({ code: "reports-unwritable", exit: 2 });
});
