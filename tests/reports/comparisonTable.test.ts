import { expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import { compareRuns } from "../../harness/analysis/compareRuns.ts";
import { comparisons } from "../../harness/analysis/comparisons.ts";
import { comparisonsCsv } from "../../reports/comparisonsCsv.ts";
import { comparisonTable } from "../../reports/comparisonTable.ts";
import { readableNumber } from "../../reports/readableNumber.ts";
import { runComparison } from "../../reports/runComparison.ts";
import { summary } from "../../reports/summary.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { DRAWS, type Draw, planted } from "../harness/analysis/plantedRecord.ts";

const candidates = { good: DRAWS.good, same: DRAWS.good, chinese: DRAWS.chinese };
const record = planted({ seed: 3, models: ["one", "two"], candidates });
const text = comparisonTable(record, analyze(record), 80);
const longest = (drawn: string) => Math.max(...drawn.split("\n").map((line) => line.length));

test("one table a pair of models with both verdicts, one a model with each pair of codes", () => {
  const titles = text.split("\n").filter((line) => /^(The same|Two codes)/.test(line));
  expect(titles).toEqual([
    "The same codes on two models, first − second, paired by item: one − two",
    "Two codes on one, first − second, paired by item",
    "Two codes on two, first − second, paired by item",
  ]);
  expect(text).toMatch(/\nchinese .* different \| different\n/);
  expect(text).toMatch(/\ngood − chinese +−\d+\.\d\d\* +\+\d\.\d\d\* +\+\d\.\d\d\* +\+0\.\d\d\*\n/);
  expect(text).toMatch(/\ngood − same +[+−]?0\.\d\d +[+−]?0\.\d\d +[+−]?0\.\d\d +[+−]?0\.\d\d\n/);
  const line = text.replaceAll(/\s+/g, " ");
  for (const tests of [12, 24]) expect(line).toContain(`after correction for ${tests} tests`);
  expect(longest(text)).toBeLessThanOrEqual(80);
});

test("the numbers are those of comparisons.csv, where signs are a spreadsheet's", () => {
  const found = comparisons(record).find(
    ({ model, first, second, measure }) =>
      model === "two" && first === "good" && second === "chinese" && measure === "kl",
  );
  expect(text.split("Two codes on two")[1]).toContain(`${readableNumber(found?.difference as number)}*`);
  const row = comparisonsCsv(record)
    .split("\n")
    .find((line) => line.startsWith("candidates,kl,,restate,good,chinese") && line.includes(",two,"));
  expect(row).toContain(`,40,40,${found?.difference},${found?.low},${found?.high},`);
  expect(row).toMatch(
    /,nats a continuation,two,,1e-06?,?.*first closer,,planted$|,nats a continuation,two,,0\.000001,first closer,,planted$/,
  );
});

test("below the run's table where there is more than one, and nowhere else", () => {
  const style = { color: false, width: 80 };
  expect(terminalTable(record, analyze(record), style).endsWith(text)).toBe(true);
  const single = planted({ seed: 3, candidates: { good: DRAWS.good } });
  expect(comparisonTable(single, analyze(single), 80)).toBe("");
  expect(terminalTable(single, analyze(single), style)).not.toContain("paired by item");
});

test("long names fit 80 columns, and what is not shown is counted", () => {
  const long = (name: string) => `${name}-${"code-with-a-name-that-is-far-too-long".repeat(2)}`;
  const many = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((name) => [long(name), DRAWS.good]));
  const wide = planted({ seed: 3, items: 20, models: [long("m"), long("n")], candidates: many });
  const drawn = comparisonTable(wide, analyze(wide), 80);
  expect(longest(drawn.replaceAll(/\S{60,}/g, ""))).toBeLessThanOrEqual(80);
  // 7 · 6 / 2 = 21 pairs, of which 15 are shown.
  expect(drawn.match(/and 6 more in reports\/comparisons.csv/g)).toHaveLength(2);
  expect(drawn).toContain(long("g"));
});

test("the summary names the codes that models clearly differ on", () => {
  const told = (from: typeof record) => summary(from, analyze(from)).replaceAll("\n", " ");
  expect(told(record)).toContain("; no code is clearly closer on one model than on another. ");
  // The same record, with 9 nats more for one code on the second model.
  const worse = record.batches.map((batch) => {
    const { chinese, ...rest } = batch.conditions;
    if (batch.model !== "two" || !chinese) return batch;
    const values = chinese.values.map((entry) =>
      entry.measure === "kl" && entry.value.kind === "defined"
        ? { ...entry, value: { ...entry.value, value: entry.value.value + 9 } }
        : entry,
    );
    return { ...batch, conditions: { ...rest, chinese: { ...chinese, values } } };
  });
  expect(told({ ...record, batches: worse })).toContain("; chinese is clearly closer on one than on two. ");
});

test("two runs: the table, the verdicts and the items in 80 columns", () => {
  const worse: Draw = (truth) => {
    const drawn = DRAWS.good(truth);
    return { ...drawn, kl: drawn.kl + 9 * truth.difficulty };
  };
  const before = planted({ seed: 3, candidates: { code: DRAWS.good } });
  const after = planted({ seed: 3, candidates: { code: worse } });
  const items = before.manifest.items.map((item) => ({
    ...item,
    original: `A long sentence, ${"汉字 word ".repeat(20)}`,
  }));
  const texts = (from: typeof before) => ({ ...from, manifest: { ...from.manifest, items } });
  const comparison = compareRuns(texts(before), texts(after));
  const drawn = runComparison(comparison, 80);
  expect(longest(drawn)).toBeLessThanOrEqual(80);
  expect(drawn).toMatch(
    /\ncode, K nats +\d\.\d\d +\d+\.\d\d +\+\d\.\d\d\* +\[\d+\.\d\d, \d+\.\d\d\] +(<0\.001|0\.00\d) +40\/40\n/,
  );
  expect(drawn).toMatch(/\ncode, states +.* 0\.00~ +\[0\.00, 0\.00\] +1\.000 +0\/40\n/);
  expect(drawn).toContain("\nnoise floor of a mean: K nats <0.01 (item <0.01), states <0.01 (item <0.01)\n");
  expect(drawn).toContain("verdict changed: code: equivalent → different");
  expect(drawn).toContain("items that changed most, kl (5 of 40; --json has all):");
  expect(drawn).toMatch(/\n {2}i\d+ {2}code {2}\d\.\d\d → \d+\.\d\d {2}A long sentence, .*…/);

  const same = runComparison(compareRuns(before, before), 80);
  expect(same).toContain("no measure of any condition changed beyond noise");
  expect(same).toContain("no verdict changed (code: equivalent)");
  expect(same).not.toContain("items that changed most");
});
