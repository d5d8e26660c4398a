import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import { csvReports } from "../../reports/csvReports.ts";
import { resultsJsonl } from "../../reports/resultsCsv.ts";
import { resultsJson } from "../../reports/resultsJson.ts";
import { resultsJsonSchema, resultsSchema } from "../../reports/resultsSchema.ts";
import { DRAWS, planted } from "../harness/analysis/plantedRecord.ts";
import { judgedAs, sampleRecord } from "./sample.ts";

type Row = Record<string, string>;
const rowsOf = (text: string) => parse(text, { columns: true }) as Row[];
const record = planted({ seed: 3, models: ["one", "two"], candidates: { good: DRAWS.good, chinese: DRAWS.chinese } });
const both = sampleRecord({ frames: ["restate", "question"] });

test.each([
  ["two models", record],
  ["two frames", both],
])("each column of each CSV file is in the dictionary, in its order, and no other: %s", (_, from) => {
  const { "dictionary.csv": dictionary, ...files } = csvReports(from, analyze(from));
  const described = rowsOf(dictionary as string);
  expect(Object.keys(files).sort()).toEqual([...new Set(described.map(({ file }) => file))].sort());
  for (const [file, text] of Object.entries(files)) {
    const [header] = parse(text, { to: 1 }) as string[][];
    const own = described.filter((row) => row.file === file);
    expect(own.map(({ column }) => column)).toEqual(header);
    for (const { column, type, unit, meaning, empty, key } of own) {
      expect(meaning).not.toBe("");
      if (type === "number") expect(unit).not.toBe("");
      const cells = rowsOf(text).map((row) => row[column as string] as string);
      if (empty === "never") expect(cells.filter((cell) => cell === "")).toEqual([]);
      if (type !== "text") expect(cells.filter((cell) => !Number.isFinite(Number(cell)))).toEqual([]);
      if (type === "whole number") expect(cells.filter((cell) => !Number.isInteger(Number(cell)))).toEqual([]);
      expect(["", "yes"]).toContain(key);
    }
  }
});

test("the columns that are said to name a row do", () => {
  const named = new Map<string, number>();
  for (const from of [record, both]) {
    const { "dictionary.csv": dictionary, ...files } = csvReports(from, analyze(from));
    for (const [file, text] of Object.entries(files)) {
      const keys = rowsOf(dictionary as string).filter((row) => row.file === file && row.key === "yes");
      const names = rowsOf(text).map((row) => JSON.stringify(keys.map(({ column }) => row[column as string])));
      expect(new Set(names).size).toBe(names.length);
      named.set(file, Math.max(named.get(file) ?? 0, names.length));
    }
  }
  expect([...named.values()].every((rows) => rows > 1)).toBe(true);
});

test("the wide form has the numbers of the long one", () => {
  const files = csvReports(record, analyze(record));
  const long = rowsOf(files["results.csv"] as string).filter(({ measure }) => measure !== "verdict");
  const wide = rowsOf(files["results-wide.csv"] as string);
  const same = (a: Row, b: Row) => ["model", "frame", "condition"].every((name) => a[name] === b[name]);
  expect(long.length).toBeGreaterThan(50);
  for (const row of long) {
    const name = row.layer === "" ? row.measure : `${row.measure}@${row.layer}`;
    const found = wide.filter((other) => same(row, other));
    expect(found).toHaveLength(1);
    const cells = ["", ".low", ".high", ".score", ".score_low", ".score_high"].map(
      (end) => found[0]?.[`${name}${end}`],
    );
    expect(cells).toEqual([row.value, row.low, row.high, row.score, row.score_low, row.score_high]);
  }
  expect(wide.find(({ model, condition }) => model === "two" && condition === "chinese")).toMatchObject({
    role: "candidate",
    n: "40",
    verdict: "different",
  });
});

test("results.json keeps to its schema, whatever the verdict", () => {
  const hidden = planted({ seed: 3, candidates: { good: DRAWS.good }, unobservable: { kl: "no logits" } });
  const few = planted({ seed: 3, items: 3, candidates: { good: DRAWS.good } });
  const analyses = [record, both, hidden, few].map((from) => [from, analyze(from)] as const);
  for (const [from, analysis] of [...analyses, [both, judgedAs(both, { verdict: "instrument-failed" })] as const])
    expect(resultsSchema.parse(JSON.parse(resultsJson(from, analysis)))).toBeTruthy();
  const broken = JSON.parse(resultsJson(record, analyze(record)));
  broken.models[0].cells[0].estimate.value = "1";
  expect(resultsSchema.safeParse(broken).error?.issues[0]?.path).toEqual([
    "models",
    0,
    "cells",
    0,
    "estimate",
    "value",
  ]);
});

test("the JSON Schema describes each key of a line of results.jsonl", () => {
  const schema = JSON.parse(resultsJsonSchema());
  expect(schema.properties.$schema.const).toBe("./results.schema.json");
  const lines = resultsJsonl(record, analyze(record)).trimEnd().split("\n");
  const types = { string: "string", number: "number", integer: "number" } as const;
  for (const [key, value] of lines.flatMap((line) => Object.entries(JSON.parse(line))))
    expect(typeof value).toBe(types[schema.$defs.line.properties[key].type as keyof typeof types]);
});
