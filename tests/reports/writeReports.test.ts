import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExpectedError } from "../../errors.ts";
import { analyze } from "../../harness/analysis/analyze.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { IDS, sampleRecord } from "./sample.ts";

const record = sampleRecord({ gates: [{ candidate: "code", require: "different" }] });
const folder = () => mkdtempSync(join(tmpdir(), "isoglyph-reports-"));

function failure(at: string, formats: readonly string[]): ExpectedError {
  try {
    writeReports(at, record, analyze(record), formats);
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("made twice, reports are the same byte for byte, and nothing else is left behind", () => {
  const [one, two] = [folder(), folder()];
  const formats = ["csv", "json", "jsonl", "csv"];
  const paths = writeReports(one, record, analyze(record), formats);
  const names = ["results.csv", "items.csv", "layers.csv", "comparisons.csv", "results.json", "results.jsonl"];
  expect(paths).toEqual(names.map((name) => join(one, "reports", name)));
  // A copy that went through JSON, as a record that is read from its folder has.
  const copy = JSON.parse(JSON.stringify(record)) as typeof record;
  writeReports(two, copy, analyze(copy), formats);
  writeReports(two, copy, analyze(copy), formats);
  for (const name of names) {
    const [first, second] = [one, two].map((at) => readFileSync(join(at, "reports", name)));
    expect(first?.equals(second as Buffer)).toBe(true);
  }
  expect(readdirSync(join(two, "reports")).sort()).toEqual(names.toSorted());
});

test("CSV is UTF-8 without a byte order mark", () => {
  const at = folder();
  const [, items] = writeReports(at, record, analyze(record), ["csv"]);
  const bytes = readFileSync(items as string);
  expect(bytes.subarray(0, 5).toString()).toBe("suite");
  expect(bytes.includes(Buffer.from(IDS[3] as string, "utf8"))).toBe(true);
});

test("results.json holds the analysis", () => {
  const at = folder();
  const analysis = analyze(record);
  const [path] = writeReports(at, record, analysis, ["json"]);
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

test("unknown formats are refused before anything is written", () => {
  const at = folder();
  expect(failure(at, ["csv", "jsn"])).toMatchObject({
    code: "report-format",
    exit: 2,
    message: 'there is no report format "jsn"; did you mean json?',
    hint: "available: csv, json, jsonl",
  });
  expect(failure(at, ["latex"]).message).toBe("the report format latex is not available yet");
  expect(failure(at, ["constructor"]).code).toBe("report-format");
  expect(readdirSync(at)).toEqual([]);
});

test("a folder that cannot be made says so", () => {
  const at = folder();
  writeFileSync(join(at, "reports"), "");
  expect(failure(at, ["csv"])).toMatchObject({ code: "reports-unwritable", exit: 2 });
});
