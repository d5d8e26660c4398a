import { expect, test } from "vitest";
import type { ConditionVerdict } from "../../harness/analysis/analyze.ts";
import { summary } from "../../reports/summary.ts";
import { VERDICTS } from "../../suites/Suite.ts";
import { judgedAs, MODEL, sampleRecord } from "./sample.ts";

type Found = Partial<ConditionVerdict> & Pick<ConditionVerdict, "verdict">;

const record = sampleRecord();
const gated = sampleRecord({ gates: [{ candidate: "code", require: "equivalent" }] });
const told = (from: typeof record, ...found: Found[]) => summary(from, judgedAs(from, ...found)).replaceAll("\n", " ");
const sentences = (text: string) => text.split(/(?<=\.) /);

test("what is different is said with its score, and what raw cosine hides", () => {
  const found: Found[] = [
    { verdict: "equivalent", condition: "a" },
    { verdict: "equivalent", condition: "b" },
    { verdict: "different" },
  ];
  expect(told(record, ...found)).toBe(
    "On tiny, a and b leave the model in an equivalent state; code does not (score 0.75, where 0 is a wrong text and 1 a human paraphrase). " +
      "Raw cosine of mean-pooled states would have told you little: unrelated sentences reach 0.85, human paraphrases 0.95.",
  );
  expect(told(record, { verdict: "different" })).toMatch(
    /^On tiny, code does not leave the model in an equivalent state \(score 0\.75/,
  );
});

test("where the output is close, the states' score says what is different", () => {
  const close = { ...record, manifest: { ...record.manifest, suite: { ...record.manifest.suite, margin: 0.7 } } };
  expect(told(close, { verdict: "different" })).toContain("(score of states −0.75, where");
});

test("gates that hold and gates that fail", () => {
  expect(sentences(told(gated, { verdict: "equivalent" }))[1]).toMatch(/^The gate holds, and raw cosine/);
  expect(sentences(told(gated, { verdict: "different" }))[1]).toBe(
    "The gate fails (code must be equivalent): look at the items that are furthest off in reports/items.csv, then change the encoding or the gate.",
  );
  const two = sampleRecord({
    models: [MODEL, { ...MODEL, identity: { ...MODEL.identity, reference: "second" } }],
    gates: [
      { candidate: "code", require: "equivalent" },
      { candidate: "code", require: "different" },
    ],
  });
  const text = told(two, { verdict: "different" });
  expect(text).toMatch(/^On tiny, code does not .*; on second, code does not /);
  expect(text).toContain("2 of 4 gates fail (code on tiny must be equivalent; code on second must be equivalent): ");
});

test("a failed instrument is explained, and comes before everything else", () => {
  const [first, second] = sentences(
    told(gated, { verdict: "instrument-failed", reasons: ["a foil came out equivalent: decoy"] }),
  );
  expect(first).toBe(
    "On tiny, no verdict on code is possible, because the controls failed (a foil came out equivalent: decoy).",
  );
  expect(second).toMatch(
    /^The gate fails \(code must be equivalent\): before any code can be judged here the controls must hold/,
  );
});

const part = (name: string, p: number, itemsNeeded: number | null) => ({
  name,
  n: 40,
  clusters: 40,
  mean: 1,
  se: 1,
  t: 1,
  p,
  pBelow: 1 - p,
  itemsNeeded,
});
const undecided = (...parts: ReturnType<typeof part>[]): Found => ({
  verdict: "inconclusive",
  reasons: parts.filter(({ p }) => p >= 0.025).map(({ name }) => `${name} is undecided (t = 1)`),
  frames: [{ frame: "restate", verdict: "inconclusive", p: null, parts, reasons: [] }],
});

test("what is undecided says what would decide it", () => {
  const both = undecided(part("A kl", 0.1, 90), part("D tail", 0.2, 310), part("B fact", 0.001, 12));
  expect(sentences(told(record, both))).toEqual([
    "On tiny, code remains undecided.",
    "About 310 items would decide code.",
  ]);
  expect(sentences(told(record, undecided(part("A kl", 0.9, null))))[1]).toBe(
    "More items would not make code equivalent if the effect is as observed, so change the encoding.",
  );
  const few: Found = { ...both, reasons: ["12 clusters are too few: a verdict takes at least 20"] };
  expect(sentences(told(record, few))[1]).toBe(
    "No decision on code was possible, because 12 clusters are too few: a verdict takes at least 20, so add items from other sources.",
  );
});

test("what cannot be seen, and what was not asked", () => {
  const [first, second] = sentences(
    told(record, { verdict: "unobservable", reasons: ["kl: the provider does not show logits"] }),
  );
  expect(first).toBe("On tiny, code cannot be judged (kl: the provider does not show logits).");
  expect(second).toMatch(/^Use a model reference that shows what is missing/);
  expect(sentences(told(record, { verdict: "close, fact untested", reasons: ["no item has a decoy"] }))).toEqual([
    "On tiny, code comes close, with the facts untested (no item has a decoy).",
    "Give the items decoys, each with a question on the changed fact, so that it is tested whether facts are kept.",
  ]);
});

test("no candidates", () => {
  expect(sentences(told(record))).toEqual([
    "Only the controls were read, because the suite has no candidate.",
    "Name a codec under `candidates` in the suite to have it judged.",
  ]);
});

test.each(VERDICTS)("two sentences, in lines of at most 80 characters: %s", (verdict) => {
  for (const from of [record, gated]) {
    const text = summary(from, judgedAs(from, { verdict, reasons: ["for some reason"] }));
    expect(sentences(text.replaceAll("\n", " "))).toHaveLength(2);
    expect(text).toMatch(/\.$/);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  }
});
