/** Two runs against each other: what changed is found, what did not is not, and what cannot be compared is refused. */
import { describe, expect, test } from "vitest";
import { ExpectedError } from "../../../errors.ts";
import { compareRuns, type RunDifference } from "../../../harness/analysis/compareRuns.ts";
import type { Manifest, ModelEntry, RunRecord } from "../../../harness/RunRecord.ts";
import { DRAWS, type Draw, LAYER, planted } from "./plantedRecord.ts";

const shift =
  (kl: number): Draw =>
  (truth) => {
    const drawn = DRAWS.good(truth);
    return { ...drawn, kl: drawn.kl + kl * truth.difficulty };
  };
const run = (code: Draw = DRAWS.good, more: Partial<Parameters<typeof planted>[0]> = {}) =>
  planted({ seed: 5, candidates: { code, chinese: DRAWS.chinese }, ...more });

function found(comparison: ReturnType<typeof compareRuns>, condition: string, measure: string): RunDifference {
  const list = comparison.models[0]?.differences.filter(
    (one) => one.condition === condition && one.measure === measure,
  );
  expect(list).toHaveLength(1);
  return list?.[0] as RunDifference;
}

test("a run against itself: nothing changed", () => {
  const record = run();
  const { models, items, notes } = compareRuns(record, structuredClone(record));
  expect(items).toBe(40);
  expect(notes).toEqual([]);
  const [model] = models;
  expect(model?.scale).toBe("values");
  expect(model?.differences.length).toBeGreaterThan(30);
  expect(new Set(model?.differences.map(({ finding }) => finding))).toEqual(new Set(["below noise"]));
  expect(model?.differences.every(({ difference, changed, p }) => difference === 0 && changed === 0 && p === 1)).toBe(
    true,
  );
  expect(model?.items).toEqual([]);
  expect(model?.verdicts.every(({ before, after }) => before === after)).toBe(true);
});

test("a code that got worse: the measure, the items, the verdict", () => {
  const comparison = compareRuns(run(), run(shift(9)));
  const kl = found(comparison, "code", "kl");
  expect(kl).toMatchObject({ finding: "further", changed: 40, n: 40, tested: true, unit: "nats a continuation" });
  expect((kl.after as number) - (kl.before as number)).toBeCloseTo(kl.difference as number, 10);
  expect(kl.difference).toBeGreaterThan(7);
  expect(found(comparison, "code", "fact").finding).toBe("below noise");
  expect(found(comparison, "chinese", "kl").finding).toBe("below noise");
  const [model] = comparison.models;
  expect(model?.verdicts).toEqual([
    { condition: "code", before: "equivalent", after: "different" },
    { condition: "chinese", before: "different", after: "different" },
  ]);
  const changes = (model?.items ?? []).map(({ before, after }) => Math.abs(after - before));
  expect(changes).toHaveLength(40);
  expect(changes).toEqual(changes.toSorted((a, b) => b - a));
  expect(model?.items[0]).toMatchObject({ condition: "code", measure: "kl", original: "text" });
  const back = found(compareRuns(run(shift(9)), run()), "code", "kl");
  expect(back.finding).toBe("closer");
  expect(back.difference).toBeCloseTo(-(kl.difference as number), 10);
});

test("only what is beyond the larger noise floor counts, items and means alike", () => {
  const some: Draw = (truth) => {
    const drawn = DRAWS.good(truth);
    return { ...drawn, kl: drawn.kl + (truth.i < 7 ? 1 : 0.2) };
  };
  const quiet = compareRuns(run(DRAWS.good, { noise: 1e-4 }), run(some, { noise: 0.25 }));
  expect(found(quiet, "code", "kl")).toMatchObject({ changed: 7, noise: 0.25, finding: "further" });
  expect(quiet.models[0]?.items.map(({ item }) => item).sort()).toEqual(["i0", "i1", "i2", "i3", "i4", "i5", "i6"]);
  const loud = compareRuns(run(DRAWS.good, { noise: 0.6 }), run(some));
  expect(found(loud, "code", "kl")).toMatchObject({ changed: 7, noise: 0.6, finding: "below noise" });
});

test("Holm over the candidates' decisive measures; controls are shown and not claimed", () => {
  const comparison = compareRuns(run(), run(shift(0.2), { controls: { "first-half": shift(6) } }));
  const tested = comparison.models[0]?.differences.filter((one) => one.tested) ?? [];
  expect(tested.map(({ condition, measure }) => `${condition} ${measure}`).sort()).toEqual(
    ["chinese fact", "chinese kl", "chinese state.explained", "code fact", "code kl", "code state.explained"].sort(),
  );
  const kl = found(comparison, "code", "kl");
  expect(kl.adjusted).toBeCloseTo(6 * (kl.p as number), 12);
  const control = found(comparison, "first-half", "kl");
  expect(control.p as number).toBeLessThan(0.001);
  expect(control).toMatchObject({ adjusted: null, finding: "", changed: 40 });
});

test("items and candidates that are in one run only", () => {
  const before = run();
  const after = planted({
    seed: 5,
    items: 30,
    candidates: { code: DRAWS.good, chinese: DRAWS.chinese, more: DRAWS.floor },
  });
  const { items, notes, models } = compareRuns(before, after);
  expect(items).toBe(30);
  expect(notes).toContain("candidates only after: more");
  expect(notes).toContain("items only before: i30, i31, i32, i33, i34, i35, i36, i37 and 2 more");
  expect(models[0]?.differences.some(({ condition }) => condition === "more")).toBe(false);
});

test("items are paired by name, not by place", () => {
  const record = run();
  const turned = { ...record, manifest: { ...record.manifest, items: record.manifest.items.toReversed() } };
  const { models } = compareRuns(record, turned);
  expect(models[0]?.differences.every(({ difference }) => Math.abs(difference ?? 1) < 1e-12)).toBe(true);
  expect(models[0]?.items).toEqual([]);
});

function edited(of: {
  manifest?: (manifest: Manifest) => Partial<Manifest>;
  model?: (model: ModelEntry) => Partial<ModelEntry>;
}): RunRecord {
  const record = run();
  const models = record.manifest.models.map((model) => ({ ...model, ...of.model?.(model) }));
  return { ...record, manifest: { ...record.manifest, models, ...of.manifest?.(record.manifest) } };
}
const suite = (more: Partial<Manifest["suite"]>) =>
  edited({ manifest: (manifest) => ({ suite: { ...manifest.suite, ...more } }) });
const identity = (more: Partial<ModelEntry["identity"]>) =>
  edited({ model: (model) => ({ identity: { ...model.identity, ...more } }) });

describe("different models", () => {
  test("the same name with other weights: scores only, and it says so", () => {
    const { models, notes } = compareRuns(run(), identity({ digest: "f".repeat(64) }));
    expect(notes.join()).toContain("different models, so only scores are compared: planted (weights ");
    expect(models[0]?.scale).toBe("scores");
    expect(models[0]?.items).toEqual([]);
    expect(models[0]?.differences.every(({ unit, changed }) => unit === "score" && changed === null)).toBe(true);
    const kl = models[0]?.differences.find(({ condition, measure }) => condition === "code" && measure === "kl");
    expect(kl?.before).toBeCloseTo(kl?.after as number, 12);
    expect(kl?.before).toBeGreaterThan(1);
  });

  test("one model each under other names; several without one in common are refused", () => {
    const other = run(shift(3), { models: ["other"] });
    expect(
      compareRuns(run(), {
        ...other,
        manifest: {
          ...other.manifest,
          models: other.manifest.models.map((model) => ({
            ...model,
            identity: { ...model.identity, tokenizerDigest: "t" },
          })),
        },
      }).models[0],
    ).toMatchObject({ before: "planted", after: "other", scale: "scores" });
    expect(() => compareRuns(run(), run(DRAWS.good, { models: ["a", "b"] }))).toThrow(
      "the models: planted before, a, b after",
    );
  });

  test("engine and weights policy are noted", () => {
    expect(compareRuns(run(), identity({ weights: "float32" })).notes).toEqual([
      "planted: weights  before, float32 after",
    ]);
  });
});

const items = (more: object) =>
  edited({
    manifest: ({ items: list }) => ({ items: list.map((item, i) => (i === 3 ? { ...item, ...more } : item)) }),
  });
const REFUSED: [string, RunRecord, string][] = [
  ["margin", suite({ margin: 0.7 }), "margin: 0.8 before, 0.7 after"],
  ["alpha", suite({ alpha: 0.05 }), "statistics.alpha: 0.025 before, 0.05 after"],
  [
    "continuations",
    suite({ continuations: { samples: 8, controls: 1, tokens: 1, seed: 1 } }),
    "continuations.samples: 1 before, 8 after",
  ],
  [
    "an item's decoy",
    items({ controls: "b".repeat(64) }),
    "paraphrases, decoy or questions of item i3: sha256 aaaaaaaaaaaa before, sha256 bbbbbbbbbbbb after",
  ],
  ["an item's text", items({ original: "texts" }), 'the text of item i3: "text" before, "texts" after'],
  ["an item's cluster", items({ cluster: "c9" }), "the cluster of item i3: c3 before, c9 after"],
  [
    "no item in common",
    edited({ manifest: ({ items: list }) => ({ items: list.map((item) => ({ ...item, id: `x${item.id}` })) }) }),
    "no item is in both; the first one is: i0 before, xi0 after",
  ],
  ["frames", run(DRAWS.good, { frames: ["question"] }), "frames: restate before, question after"],
  [
    "a frame's text",
    edited({ model: () => ({ frames: { restate: { before: "Note: ", after: "" } } }) }),
    'frame restate, text before the context: "" before, "Note: " after',
  ],
  [
    "bands",
    edited({ model: () => ({ bands: [{ name: LAYER, from: 2, to: 3 }] }) }),
    `bands: ${LAYER} (3–3), headline ${LAYER} before, ${LAYER} (2–3), headline ${LAYER} after`,
  ],
  [
    "the corpus",
    edited({ model: () => ({ corpus: { name: "", sentences: 0, sha256: "abc" } }) }),
    "the reference corpus:  before, abc after",
  ],
  [
    "a measure",
    edited({
      manifest: ({ measures }) => ({
        measures: measures.map((one) => (one.name === "kl" ? { ...one, unit: "bits" } : one)),
      }),
    }),
    'unit of the measure kl: "nats a continuation" before, "bits" after',
  ],
];
test.each(REFUSED)("refused: %s, with both values", (_, other, message) => {
  try {
    compareRuns(run(), other);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpectedError);
    expect(error).toMatchObject({
      code: "not-comparable",
      exit: 2,
      message: `the runs cannot be compared: ${message}`,
    });
    expect((error as ExpectedError).hint).toBeTruthy();
    return;
  }
  throw new Error("was compared");
});

test("part of a run is not compared", () => {
  const record = run();
  const part = { ...record, batches: record.batches.slice(1) };
  expect(() => compareRuns(record, part)).toThrow("the second run stopped early: 1 of 40 batches are missing");
});
