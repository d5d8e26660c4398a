import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import { gateLines } from "../../reports/gateLines.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { VERDICTS } from "../../suites/Suite.ts";
import { judgedAs, MODEL, sampleRecord } from "./sample.ts";

const record = sampleRecord();
const plain = { color: false, width: 80 };
const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

// By hand from sample.ts, on the items that have a value: K 4 + {0, 1, 2} = 5; score (11 − 5) / (11 − 3) = 0.75;
// states (−0.5 + 1.25) / (−0.5 − 0.5) = −0.75; the original on the scale of the paraphrase 11.5 / (11.5 − 3.5) = 1.44.
test("the whole table", () => {
  expect(terminalTable(record, judgedAs(record, { verdict: "different" }), plain)).toBe(`\
How close each text brings tiny to its original: 4 items, frame restate

condition   shorter  K nats  score  states  fact Λ  verdict
─────────────────────────────────────────────────────────────────────
code          0.40×    5.00   0.75   −0.75    1.00  different
─────────────────────────────────────────────────────────────────────
original      1.00×    0.00   1.44    1.50    1.50  (the text itself)
paraphrase    0.90×    3.50   1.00    1.00    1.25  (the ceiling: 1)
decoy         1.00×    2.00   1.19    1.25   −1.50  inconclusive
mismatch      1.00×   11.50   0.00    0.00       –  (the floor: 0)
─────────────────────────────────────────────────────────────────────
score (output) and states (layers 50-75%): 0 = wrong text, 1 = human paraphrase.
K: 0 = same output. Λ > 0: fact kept. shorter: 0.50× is twice as many tokens.
note: code: 3 of 4 items have a value`);
});

test.each(VERDICTS)("fits 80 columns, and colour says nothing that the words do not: %s", (verdict) => {
  const analysis = judgedAs(record, {
    verdict,
    reasons: ["a reason that takes many words, ".repeat(6)],
    warnings: ["confounded with length"],
  });
  const text = terminalTable(record, analysis, plain);
  expect(longest(text)).toBeLessThanOrEqual(80);
  expect(text).toContain(`  ${verdict}\n`);
  expect(text).toContain("confounded with length");
  const coloured = terminalTable(record, analysis, { color: true, width: 80 });
  expect(coloured).not.toBe(text);
  expect(stripVTControlCharacters(coloured)).toBe(text);
});

test("a wide terminal sees intervals, a narrow one does not lose columns", () => {
  const analysis = analyze(record);
  // The paraphrase is the ceiling and the other scores are alike in all items, so only a noisy score has an interval.
  const noisy = {
    ...analysis,
    models: analysis.models.map((model) => ({
      ...model,
      cells: model.cells.map((cell) =>
        cell.score && cell.condition === "code" ? { ...cell, score: { value: 0.75, low: 0.5, high: 1.25 } } : cell,
      ),
    })),
  };
  expect(terminalTable(record, noisy, { color: false, width: 120 })).toContain("0.75 [0.50, 1.25]");
  expect(terminalTable(record, noisy, { color: false, width: 60 })).toMatch(
    /code +0\.40× +5\.00 +0\.75 +0\.75 +1\.00 {2}inconclusive/,
  );
});

test("a long name stands on a line of its own, uncut", () => {
  const name = "a-candidate-with-a-name-far-too-long-for-a-column-of-any-table";
  const text = terminalTable(record, judgedAs(record, { verdict: "near-copy, fact lost", condition: name }), plain);
  expect(text).toMatch(new RegExp(`\\n${name}\\n +– +– +– +– +– +near-copy, fact lost\\n`));
  expect(longest(text)).toBeLessThanOrEqual(80);
});

test("several frames, several models, no candidate, no paraphrase", () => {
  const both = sampleRecord({
    frames: ["restate", "question"],
    models: [MODEL, { ...MODEL, identity: { ...MODEL.identity, reference: "second" } }],
  });
  const text = terminalTable(both, analyze(both), plain).replaceAll("\n", " ");
  expect(text).toContain("brings tiny to its original: 4 items, mean of frames restate, question");
  expect(text).toContain("brings second to its original");

  const none = terminalTable(record, judgedAs(record), plain);
  expect(none).toMatch(/verdict\n─+\noriginal /);

  const bare = sampleRecord({
    models: [{ ...MODEL, conditions: MODEL.conditions.filter(({ role }) => role !== "ceiling") }],
  });
  expect(terminalTable(bare, analyze(bare), plain)).toMatch(/code +0\.40× +5\.00 +– +– +1\.00/);
});

test("conditions that share a reason share a note", () => {
  const shared = { verdict: "instrument-failed", reasons: ["the paraphrase and the floor do not separate"] } as const;
  const text = terminalTable(
    record,
    judgedAs(record, { ...shared, condition: "a" }, { ...shared, condition: "b" }),
    plain,
  );
  expect(text).toContain("note: a, b: the paraphrase and the floor do not separate");
});

test("gates: one line each, aligned", () => {
  const gates = [
    { candidate: "code", require: "different" },
    { candidate: "code", require: "equivalent" },
  ] as const;
  const gated = sampleRecord({ gates });
  expect(gateLines(judgedAs(gated, { verdict: "different" }))).toBe(
    "pass  code on tiny  demanded different   found different\nFAIL  code on tiny  demanded equivalent  found different",
  );
  expect(gateLines(judgedAs(record, { verdict: "different" }))).toBe("");
});

test("the noise floor of each column, and a mark on what the original cannot be told from", () => {
  const noise = [
    { measure: "kl", layer: "", difference: 0.4, monteCarlo: 2 },
    { measure: "fact", layer: "", difference: 0.3 },
    { measure: "state.explained", layer: "50-75%", difference: 1e-6 },
  ];
  const batches = record.batches.map((batch, i) => ({ ...batch, noise: i === 0 ? noise : null }));
  const noisy = { ...record, batches };
  const text = terminalTable(noisy, judgedAs(noisy, { verdict: "different" }), plain);
  // 0.4 + 1.96 · 2 / √4 = 2.36 nats, of a way from 11.5 to 3.5; Λ of the paraphrase is 0.25 below the original's.
  expect(text.replaceAll(/\s+/g, " ")).toContain(
    "noise floor: K 2.36, score 0.29, states <0.01, Λ 0.30. ~: within it of the original.",
  );
  // The original itself has no mark, and digits stand below digits.
  expect(text).toMatch(/\noriginal +1\.00× +0\.00 {3}1\.44 {5}1\.50 {3}1\.50 {3}\(/);
  expect(text).toMatch(/\ndecoy +1\.00× +2\.00~ +1\.19~ +1\.25 +−1\.50 /);
  expect(text).toMatch(/\nparaphrase +0\.90× +3\.50 +1\.00 +1\.00 +1\.25~ /);
  // Where there is no number, nothing is within noise of another.
  expect(text).not.toContain("–~");
  const without = { ...noisy, batches: noisy.batches.map((batch) => ({ ...batch, missing: {} })) };
  const bare = {
    ...without,
    manifest: {
      ...without.manifest,
      models: without.manifest.models.map((model) => ({
        ...model,
        conditions: model.conditions.filter(({ role }) => role !== "ceiling"),
      })),
    },
  };
  expect(terminalTable(bare, judgedAs(bare, { verdict: "different" }), plain)).toMatch(
    /\ndecoy +1\.00× +2\.00~ +– +– /,
  );
  expect(longest(text)).toBeLessThanOrEqual(80);
});
