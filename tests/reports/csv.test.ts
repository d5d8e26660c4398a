import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { comparisonsCsv } from "../../reports/comparisonsCsv.ts";
import { csvText } from "../../reports/csvText.ts";
import { itemsCsv } from "../../reports/itemsCsv.ts";
import { layersCsv } from "../../reports/layersCsv.ts";
import { resultsCsv, resultsJsonl } from "../../reports/resultsCsv.ts";
import { IDS, judgedAs, MODEL, sampleRecord } from "./sample.ts";

type Row = Record<string, string>;
const rowsOf = (text: string) => parse(text, { columns: true }) as Row[];
const pick = (rows: Row[], wanted: Row) =>
  rows.filter((row) => Object.entries(wanted).every(([key, value]) => row[key] === value));
const header = (text: string) => text.slice(0, text.indexOf("\n"));

const record = sampleRecord();
const both = sampleRecord({ frames: ["restate", "question"] });

test("columns are the documented ones, in their order", () => {
  expect(header(resultsCsv(record, analyze(record)))).toBe(
    "suite,model,frame,condition,role,measure,unit,n,value,low,high,floor,ceiling,score,score_low,score_high,p,p_adjusted,verdict,warnings,layer,score_identity,noise_floor",
  );
  expect(header(itemsCsv(record))).toBe("suite,model,frame,item,cluster,condition,measure,layer,value,bound,reason");
  expect(header(layersCsv(record))).toBe("suite,model,frame,condition,measure,layer,n,value,low,high,reason");
  expect(header(comparisonsCsv(record))).toBe(
    "kind,measure,layer,frame,first,second,n,clusters,difference,low,high,d,g,p,p_adjusted,unit,model,condition,noise_floor,finding,reason,suite",
  );
});

test("texts survive, formulas are disarmed, numbers are left alone", () => {
  const text = csvText(
    ["a"],
    [
      ["=1"],
      ["+1"],
      ["-1"],
      ["@x"],
      ["\tx"],
      ["\rx"],
      [-1.5],
      [1e-7],
      ['q"\n,汉 שלום'],
      [0.1 + 0.2],
      [null],
      [""],
      ["x=1"],
    ],
  );
  expect(text.startsWith("a\n")).toBe(true);
  expect(text).not.toMatch(/\r\n/);
  const cells = (parse(text, { columns: false, skip_empty_lines: false, record_delimiter: "\n" }) as string[][])
    .slice(1)
    .map(([cell]) => cell);
  expect(cells).toEqual([
    "'=1",
    "'+1",
    "'-1",
    "'@x",
    "'\tx",
    "'\rx",
    "-1.5",
    "1e-7",
    'q"\n,汉 שלום',
    "0.30000000000000004",
    "",
    "",
    "x=1",
  ]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a cell of %s is a defect, not a cell", (value) => {
  expect(() => csvText(["a"], [[value]])).toThrow(`a report was given the number ${value}`);
});

test("items.csv has every value, and a reason where there is none", () => {
  const rows = rowsOf(itemsCsv(record));
  expect(new Set(rows.map(({ item }) => item))).toEqual(new Set(["'=cmd()", 'say "a", b', "'-line\r\nbreak", IDS[3]]));
  const values = record.batches.flatMap(({ conditions }) => Object.values(conditions).flatMap((entry) => entry.values));
  expect(rows).toHaveLength(values.length + 1);
  expect(pick(rows, { item: 'say "a", b', condition: "code", measure: "kl" })).toEqual([
    {
      suite: "'@suite",
      model: "tiny",
      frame: "restate",
      item: 'say "a", b',
      cluster: "c1",
      condition: "code",
      measure: "kl",
      layer: "",
      value: "5",
      bound: "",
      reason: "",
    },
  ]);
  expect(pick(rows, { item: "'=cmd()", condition: "mismatch-1", measure: "fact" })).toMatchObject([
    { value: "", reason: "the condition was not asked" },
  ]);
  expect(pick(rows, { item: "'=cmd()", condition: "code", measure: "overlap" })).toMatchObject([
    { value: "0.1", bound: "lower" },
  ]);
  expect(pick(rows, { item: "'=cmd()", condition: "code", measure: "state.explained" })).toMatchObject([
    { layer: "50-75%", value: "-1.25" },
  ]);
  expect(pick(rows, { item: IDS[3] as string, condition: "code" })).toMatchObject([
    { measure: "", layer: "", value: "", bound: "", reason: "'+the item has no encoding" },
  ]);
});

test("an item that was not read is named, condition by condition", () => {
  const rows = rowsOf(itemsCsv({ ...record, batches: record.batches.slice(1) }));
  expect(pick(rows, { item: "'=cmd()" }).map(({ condition, reason }) => [condition, reason])).toEqual(
    MODEL.conditions.map(({ name }) => [name, "the item was not read"]),
  );
});

test("matched positions are part of the frame's name", () => {
  const { suite } = record.manifest;
  const matched: RunRecord = {
    manifest: { ...record.manifest, suite: { ...suite, positions: ["natural", "matched"] } },
    batches: record.batches.flatMap((batch) => [batch, { ...batch, positions: "matched" }]),
  };
  for (const text of [itemsCsv(matched), layersCsv(matched)]) {
    expect([...new Set(rowsOf(text).map(({ frame }) => frame))]).toEqual(["restate", "restate@matched"]);
  }
});

// The t interval of 1, 2, 3, 4: 2.5 ± 3.182446305 · √(5/3) / 2, with the 0.975 quantile from tables (3 degrees of freedom).
test("layers.csv has the mean at every state, with the t interval over clusters", () => {
  const [row] = pick(rowsOf(layersCsv(record)), { condition: "original", layer: "1" });
  expect(row).toMatchObject({ measure: "state.explained", n: "4", value: "2.5", reason: "" });
  expect(Number(row?.low)).toBeCloseTo(0.4457397432, 9);
  expect(Number(row?.high)).toBeCloseTo(4.5542602568, 9);
});

test("layers.csv says where no item has a value, and averages paraphrases", () => {
  const rows = rowsOf(layersCsv(record));
  expect(pick(rows, { condition: "code", layer: "0" })).toMatchObject([
    { n: "0", value: "", low: "", high: "", reason: "no item has a value" },
  ]);
  expect(pick(rows, { condition: "code", layer: "1" })).toMatchObject([{ n: "3", value: "-0.25" }]);
  const second = { ...record.batches[0]?.conditions["paraphrase-near"], curves: { "state.explained": [null, 8.5, 1] } };
  const far: RunRecord = {
    manifest: {
      ...record.manifest,
      models: record.manifest.models.map((model) => ({
        ...model,
        conditions: [...model.conditions, { name: "paraphrase-far", role: "ceiling", of: null }],
      })),
    },
    batches: record.batches.map((batch) => ({
      ...batch,
      conditions: { ...batch.conditions, "paraphrase-far": second as never },
    })),
  };
  // Near: 0.5, 1.5, 2.5, 3.5; far: 8.5 throughout.
  expect(pick(rowsOf(layersCsv(far)), { condition: "paraphrase", layer: "1" })).toMatchObject([
    { n: "4", value: "5.25" },
  ]);
});

test("results.csv has the numbers of the cells", () => {
  const rows = rowsOf(resultsCsv(record, analyze(record)));
  // On the three items that have the code: floor 10, 11, 12; paraphrase 2, 3, 4; code 4, 5, 6; the original 0.
  expect(pick(rows, { condition: "code", measure: "kl" })).toMatchObject([
    {
      role: "candidate",
      unit: "nats a continuation",
      n: "3",
      value: "5",
      floor: "11",
      ceiling: "3",
      score: "0.75",
      p: "1",
      verdict: "",
      layer: "",
      warnings: "floor: mismatch",
    },
  ]);
  const [identity] = pick(rows, { condition: "code", measure: "kl" });
  expect(Number(identity?.score_identity)).toBeCloseTo(6 / 11, 12);
  expect(pick(rows, { condition: "code", measure: "state.explained" })).toMatchObject([
    { layer: "50-75%", score: "-0.75", warnings: "floor: mismatch" },
  ]);
  expect(pick(rows, { condition: "code", measure: "state.pooled-cosine" })[0]?.warnings).toContain(
    "exploratory: p enters no verdict",
  );
});

test("one frame has one verdict row a condition; several frames have one each and one for all", () => {
  const verdict = {
    verdict: "different",
    p: 0.001,
    adjusted: 0.002,
    reasons: ["far off"],
    warnings: ["length-confounded"],
  } as const;
  expect(
    pick(rowsOf(resultsCsv(record, judgedAs(record, verdict))), { measure: "verdict", role: "candidate" }),
  ).toMatchObject([
    {
      frame: "restate",
      condition: "code",
      n: "3",
      value: "",
      p: "0.001",
      p_adjusted: "0.002",
      verdict: "different",
      warnings: "far off; length-confounded",
    },
  ]);
  const rows = pick(rowsOf(resultsCsv(both, judgedAs(both, verdict))), { measure: "verdict", condition: "code" });
  expect(rows.map(({ frame, verdict: word, p_adjusted }) => [frame, word, p_adjusted])).toEqual([
    ["restate", "inconclusive", ""],
    ["question", "inconclusive", ""],
    ["all", "different", "0.002"],
  ]);
  expect(rows[0]?.warnings).toMatch(/this frame alone, uncorrected/);
  expect(pick(rowsOf(resultsCsv(record, analyze(record))), { measure: "verdict", role: "foil" })).toMatchObject([
    { condition: "decoy", n: "4" },
  ]);
});

test("what the provider cannot show is a cell with its reason", () => {
  const blind = sampleRecord({
    models: [{ ...MODEL, unobservable: { "state.explained": "the provider does not show hidden states" } }],
  });
  const rows = rowsOf(resultsCsv(blind, analyze(blind)));
  expect(pick(rows, { measure: "state.explained" })).toMatchObject([
    {
      condition: "code",
      frame: "restate",
      n: "",
      value: "",
      verdict: "unobservable",
      warnings: "the provider does not show hidden states",
    },
  ]);
  expect(pick(rows, { measure: "verdict", condition: "code" })).toMatchObject([
    { n: "", p: "", verdict: "unobservable" },
  ]);
});

test("results.jsonl has the filled cells of results.csv", () => {
  const analysis = analyze(both);
  const lines = resultsJsonl(both, analysis)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string | number>);
  const rows = rowsOf(resultsCsv(both, analysis));
  expect(lines).toHaveLength(rows.length);
  lines.forEach((line, i) => {
    const filled = Object.entries(rows[i] as Row).filter(([, cell]) => cell !== "");
    expect(Object.entries(line).map(([key, cell]) => [key, cell === "@suite" ? "'@suite" : String(cell)])).toEqual(
      filled,
    );
  });
});

test("reports do not depend on the order in which batches were done, nor on where they were", () => {
  const shuffled: RunRecord = {
    manifest: { ...record.manifest, environment: { host: "elsewhere", created: "later" } },
    batches: record.batches.toReversed(),
  };
  expect(itemsCsv(shuffled)).toBe(itemsCsv(record));
  expect(layersCsv(shuffled)).toBe(layersCsv(record));
  expect(resultsCsv(shuffled, analyze(shuffled))).toBe(resultsCsv(record, analyze(record)));
});
