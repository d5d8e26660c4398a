import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { comparisons } from "../../../harness/analysis/comparisons.ts";
import type { RunRecord } from "../../../harness/RunRecord.ts";
import { csvTable } from "../../../reports/tables/csvTable.ts";
import { latexTable } from "../../../reports/tables/latexTable.ts";
import { latexText } from "../../../reports/tables/latexText.ts";
import { markdownTable, markdownText } from "../../../reports/tables/markdownTable.ts";
import { letters, type PaperCell, type PaperTable } from "../../../reports/tables/PaperTable.ts";
import { runTables } from "../../../reports/tables/runTables.ts";
import { DRAWS, planted } from "../../harness/analysis/plantedRecord.ts";
import { sampleRecord } from "../sample.ts";

const candidates = { good: DRAWS.good, same: DRAWS.good, chinese: DRAWS.chinese };
const record = planted({ seed: 3, models: ["one", "two"], candidates });
const tablesOf = (from: RunRecord) => runTables(from, analyze(from));
const named = (from: RunRecord, name: string) => tablesOf(from).find((table) => table.name === name) as PaperTable;
const row = (table: PaperTable, ...keys: string[]) => {
  const cells = table.rows.find((list) => keys.every((key, i) => list[i] === key)) ?? [];
  return Object.fromEntries([...table.keys, ...table.columns].map((name, i) => [name, cells[i] as PaperCell]));
};

test("activations: the numbers of results.csv, a row a condition, with a column for the model where there are several", () => {
  const analysis = analyze(record);
  const table = named(record, "activations");
  expect(table.keys).toEqual(["model", "condition"]);
  const cell = analysis.models[1]?.cells.find(({ condition, measure }) => condition === "chinese" && measure === "kl");
  const found = row(table, "two", "chinese");
  expect(found["K (nats)"]).toEqual(cell?.estimate);
  expect(found.score).toEqual(cell?.score);
  expect(found.verdict).toBe("different");
  expect(found.n).toMatchObject({ value: 40 });
  // Not measured here, so not a column of dashes.
  expect(table.columns).toEqual(["n", "K (nats)", "score", "explained", "fact Λ", "verdict"]);
  expect(
    tablesOf(planted({ seed: 3, candidates: { good: DRAWS.good } })).map(({ name, keys }) => [name, keys]),
  ).toEqual([
    ["activations", ["condition"]],
    ["tokens", ["condition"]],
  ]);
});

test("bold only what is clearly closer than each of the others after correction", () => {
  const three = named(record, "activations");
  // Two codes are alike: neither is best. Scores are not what was tested.
  for (const name of ["good", "same", "chinese", "original"])
    expect(JSON.stringify(row(three, "one", name))).not.toContain('"best"');
  const two = planted({ seed: 3, candidates: { good: DRAWS.good, chinese: DRAWS.chinese } });
  const found = row(named(two, "activations"), "good");
  expect(found["K (nats)"]).toMatchObject({ best: true });
  expect(found.score).not.toHaveProperty("best");
  expect(row(named(two, "activations"), "chinese")["K (nats)"]).not.toHaveProperty("best");
  expect(latexTable(named(two, "activations")).match(/\\textbf\{/g)).toHaveLength(
    comparisons(two).filter(({ finding, measure }) => finding === "first closer" && measure !== "good").length,
  );
  expect(JSON.stringify(tablesOf(planted({ seed: 3, candidates: { good: DRAWS.good } })))).not.toContain('"best"');
});

test("models side by side, with their own scores", () => {
  const table = named(record, "models");
  expect(table.columns).toEqual(["one", "two"]);
  expect(row(table, "chinese", "verdict")).toMatchObject({ one: "different", two: "different" });
  const score = analyze(record).models[0]?.cells.find(
    (cell) => cell.condition === "good" && cell.measure === "kl",
  )?.score;
  expect(row(table, "good", "score of K").one).toEqual(score);
  // 40 of 40 and 0 of 40: an interval without width would be too sure.
  expect(row(table, "good", "good items").two).toEqual({
    value: 1,
    low: null,
    high: null,
    note: "no interval: all items agree",
  });
  const share = row(table, "chinese", "good items").two as { value: number };
  expect(share.value).toBeLessThan(0.2);
});

test("tokens: totals against totals, over the items that have both", () => {
  const table = named(sampleRecord(), "tokens");
  expect(row(table, "code")).toMatchObject({ n: { value: 3 }, tokens: { value: 10 }, compression: { value: 1 } });
  const longer = sampleRecord();
  const batches = longer.batches.map((batch, i) => ({
    ...batch,
    conditions: Object.fromEntries(
      Object.entries(batch.conditions).map(([name, entry]) => [
        name,
        name === "code" ? { ...entry, tokens: 20 + i } : entry,
      ]),
    ),
  }));
  // 30 tokens of three originals against 20 + 21 + 22.
  const found = row(named({ ...longer, batches }, "tokens"), "code");
  expect(found).toMatchObject({ compression: { value: 30 / 63 }, longer: { value: 3 } });
});

test("what is bounded, undefined or hidden has a footnote, and no number is made up", () => {
  const from = sampleRecord();
  const [model] = from.manifest.models;
  const hidden: RunRecord = {
    manifest: {
      ...from.manifest,
      measures: from.manifest.measures.map((entry) =>
        entry.name === "overlap" ? { ...entry, name: "kl-topk" } : entry,
      ),
      models: [{ ...(model as NonNullable<typeof model>), unobservable: { kl: "no logits of the prompt" } }],
    },
    batches: JSON.parse(JSON.stringify(from.batches).replaceAll('"overlap"', '"kl-topk"')),
  };
  const table = named(hidden, "activations");
  expect(table.columns).toContain("K top-k (nats)");
  expect(table.columns).not.toContain("K (nats)");
  expect(row(table, "code")["K top-k (nats)"]).toMatchObject({
    value: expect.closeTo(0.1, 12),
    low: null,
    bound: "lower",
  });
  expect(row(table, "mismatch")["fact Λ"]).toEqual({ missing: "the condition was not asked" });
  const [latex, markdown] = [latexTable(table), markdownTable(table)];
  expect(latex).toContain("$\\geq$0.100\\isonote{");
  expect(latex).toContain("a lower bound, the mean over 3 items; no interval.");
  expect(markdown).toMatch(/≥ 0\.100<sup>[a-z]<\/sup> \|/);
  expect(markdown).toMatch(/–<sup>[a-z]<\/sup>/);
  expect(parse(csvTable(table), { columns: true })).toHaveLength(table.rows.length);
});

test("hostile texts are printed, not run", () => {
  const hostile = "50% & $x_1^2$ {a}\\b #~ <汉字 Ж>|\n\u202e\u05e9 --";
  expect(latexText(hostile)).toBe(
    "50\\% \\& \\$x\\_1\\textasciicircum{}2\\$ \\{a\\}\\textbackslash{}b \\#\\textasciitilde{} \\textless{}\\isohanzi{汉字} \\isohanzi{Ж}\\textgreater{}\\textbar{} U+202EU+05E9 -{}-{}",
  );
  expect(markdownText("a|b *c* <script> &amp; \\ [x](y) `z`\n\u202e")).toBe(
    "a\\|b \\*c\\* &lt;script> &amp;amp; \\\\ \\[x\\](y) \\`z\\` U+202E",
  );
  expect([0, 25, 26, 51, 52].map(letters)).toEqual(["a", "z", "aa", "az", "ba"]);
});

test("a long table goes on in another, and no row is lost", () => {
  const rows = Array.from({ length: 45 }, (_, i): PaperCell[] => [
    `code-${i}`,
    { value: i / 3, low: null, high: null },
  ]);
  const text = latexTable({ name: "many", caption: "Many", keys: ["code"], columns: ["x"], rows, notes: [] });
  expect(text.match(/\\begin\{table\}/g)).toHaveLength(3);
  expect(text).toContain("\\caption{Many (continued, 3 of 3)}\n\\label{tab:many-3}");
  expect(text.match(/^code-\{\}\d+ & /gm)).toHaveLength(45);
});
