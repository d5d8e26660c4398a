import { describe, expect, test } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { type Cell, cells } from "../../../harness/analysis/cells.ts";
import { contrast, itemsNeeded, type TestSettings } from "../../../harness/analysis/contrast.ts";
import { bestFloor } from "../../../harness/analysis/losses.ts";
import { type Table, tables } from "../../../harness/analysis/Table.ts";
import type { Batch, RunRecord } from "../../../harness/RunRecord.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { studentUpperTail } from "../../../harness/statistics/studentT.ts";
import { DRAWS, type Draw, LAYER, planted } from "./plantedRecord.ts";

const TESTS: TestSettings = { alpha: 0.025, draws: new ClusterResampler(1) };

/** Values that depend on the item's number alone; `kl` is 1 + its parity times `step`. */
const fixed =
  (kl: number, explained: number, fact: number, step = 0.5): Draw =>
  ({ i }) => ({ kl: kl + step * ((i % 2) - 0.5), explained: explained + step * ((i % 2) - 0.5), fact });

const CONTROLS = {
  "paraphrase-near": fixed(2, 0.6, 1),
  "paraphrase-far": fixed(4, 0.2, 0.5),
  "mismatch-1": fixed(12, -0.5, 0),
  "mismatch-2": fixed(14, -0.7, 0),
  empty: fixed(15, -0.4, 0),
  filler: fixed(16, -3, 0),
  "swapped:c": fixed(20, -2, 0),
  decoy: fixed(1, 0.9, -1),
};

function record(candidate: Draw, plant: Partial<Parameters<typeof planted>[0]> = {}): RunRecord {
  return planted({ seed: 1, items: 30, candidates: { c: candidate }, controls: CONTROLS, ...plant });
}

function tablesOf(from: RunRecord): { perFrame: Table[]; all: Table } {
  const [model] = from.manifest.models;
  if (!model) throw new Error("no model");
  return tables(from, model);
}

function find(list: readonly Cell[], condition: string, measure: string, layer = ""): Cell {
  const cell = list.find((one) => one.condition === condition && one.measure === measure && one.layer === layer);
  if (!cell) throw new Error(`there is no cell ${condition} ${measure} ${layer}`);
  return cell;
}

/** Replaces or takes out one value of some items. */
function changed(
  from: RunRecord,
  condition: string,
  measure: string,
  of: (batch: Batch) => number | null | undefined,
): RunRecord {
  const batches = from.batches.map((batch) => {
    const replacement = of(batch);
    const own = batch.conditions[condition];
    if (replacement === undefined || !own) return batch;
    const value =
      replacement === null
        ? ({ kind: "undefined", reason: "gone" } as const)
        : ({ kind: "defined", value: replacement } as const);
    const values = [...own.values.filter((entry) => entry.measure !== measure), { measure, layer: "", value }];
    return { ...batch, conditions: { ...batch.conditions, [condition]: { ...own, values } } };
  });
  return { ...from, batches };
}

describe("scores", () => {
  const from = record(fixed(6, 0.3, 0.8));
  const { all } = tablesOf(from);
  const list = cells(from, all, TESTS);

  test("(floor − ℓ) / (floor − ceiling), against the best floor and the mean paraphrase", () => {
    const kl = find(list, "c", "kl");
    expect(kl).toMatchObject({ n: 30, role: "candidate", unit: "nats a continuation", frame: "restate" });
    expect(kl.estimate?.value).toBeCloseTo(6, 12);
    expect([kl.floor, kl.ceiling]).toEqual([expect.closeTo(13, 12), expect.closeTo(3, 12)]);
    expect(kl.score?.value).toBeCloseTo(0.7, 12);
    expect(kl.identityScore).toBeCloseTo((13 - 6) / 13, 12);
    expect(kl.warnings).toContain("floor: mismatch");
    const explained = find(list, "c", "state.explained", LAYER);
    // Higher is better: the floor is the highest of the wrong texts, and it keeps its own sign.
    expect([explained.floor, explained.ceiling]).toEqual([expect.closeTo(-0.4, 12), expect.closeTo(0.4, 12)]);
    expect(explained.score?.value).toBeCloseTo(0.875, 12);
    expect(explained.identityScore).toBeCloseTo(0.7 / 1.4, 12);
    expect(explained.warnings).toContain("floor: empty");
  });

  test("the swapped encoding is a floor for its own candidate only", () => {
    const near = record(fixed(6, 0.3, 0.8), {
      controls: { ...CONTROLS, "swapped:c": fixed(5, 0.1, 0) },
      candidates: { c: fixed(6, 0.3, 0.8), d: fixed(6, 0.3, 0.8) },
    });
    // DRAWS.floor is what the swapped encoding of d scores.
    const table = tablesOf(near).all;
    const key = { name: "kl", better: "lower" } as const;
    const swapped = (condition: string) => bestFloor(table, condition, key, "")?.name;
    expect(["paraphrase", "first-half"].map(swapped)).toEqual(["mismatch", "mismatch"]);
    expect(["mismatch", "swapped:d"]).toContain(swapped("d"));
    expect(table.conditions.filter(({ role, of }) => role === "floor" && of === "c").map(({ name }) => name)).toEqual([
      "swapped:c",
    ]);
  });

  test("the ceiling scores 1, the floors and the original get no score", () => {
    expect(find(list, "paraphrase", "kl").score?.value).toBeCloseTo(1, 12);
    expect(find(list, "paraphrase-near", "kl").score?.value).toBeCloseTo(1.1, 12);
    for (const name of ["original", "empty", "mismatch", "swapped:c"]) expect(find(list, name, "kl").score).toBeNull();
  });

  test("the interval is the t interval of the items", () => {
    const { estimate } = find(list, "c", "kl");
    // 30 values 5.75 and 6.25 in turn: sd = 0.25 · √(30/29), t(29, 0.975) = 2.04523.
    const half = (2.045229642132703 * 0.25 * Math.sqrt(30 / 29)) / Math.sqrt(30);
    expect(estimate?.low).toBeCloseTo(6 - half, 10);
    expect(estimate?.high).toBeCloseTo(6 + half, 10);
  });

  test("a score is formed on the items that have all three values", () => {
    const part = changed(from, "c", "kl", ({ item }) => (Number(item.slice(1)) < 20 ? null : undefined));
    const cell = find(cells(part, tablesOf(part).all, TESTS), "c", "kl");
    expect(cell.n).toBe(10);
    expect(cell.score?.value).toBeCloseTo(0.7, 12);
    const none = changed(from, "c", "kl", () => null);
    expect(
      cells(none, tablesOf(none).all, TESTS).some(({ condition, measure }) => condition === "c" && measure === "kl"),
    ).toBe(false);
  });

  test("a floor that is no worse than the ceiling gives a score without an interval, and says why", () => {
    const flat = record(({ i }) => ({ kl: 3 + (i % 3), explained: 0, fact: 0 }), {
      controls: { ...CONTROLS, empty: ({ i }) => ({ kl: 3 + ((i * 7) % 5) - 1.9, explained: 0, fact: 0 }) },
    });
    const cell = find(cells(flat, tablesOf(flat).all, TESTS), "c", "kl");
    expect([cell.score?.low ?? null, cell.score?.high ?? null]).toEqual([null, null]);
    expect(cell.warnings).toContain("score: the denominator's mean is not distinguishable from 0 at this level");
  });
});

describe("information", () => {
  const withInformation = (value: number) => {
    const from = changed(
      record(fixed(6, 0.3, 0.8)),
      "original",
      "information",
      ({ item }) => value + (Number(item.slice(1)) % 3) - 1,
    );
    return cells(from, tablesOf(from).all, TESTS);
  };

  test("a ratio of sums: 1 − ΣK/ΣI, and the same against the empty context", () => {
    expect(find(withInformation(10), "c", "recovered-information").estimate?.value).toBeCloseTo(0.4, 12);
    expect(find(withInformation(10), "empty", "recovered-information").estimate?.value).toBeCloseTo(-0.5, 12);
    const { estimate } = find(withInformation(10), "c", "kl-reduction");
    expect(estimate?.value).toBeCloseTo(1 - 6 / 15, 12);
    expect(estimate?.low).toBeLessThan(0.6);
    expect(estimate?.high).toBeGreaterThan(0.6);
  });

  test("there is no share of nothing", () => {
    expect(withInformation(-2).some(({ measure }) => measure === "recovered-information")).toBe(false);
  });
});

describe("tables", () => {
  const frames = ["one", "two"];
  const from = record(
    ({ frame, positions }) => ({
      kl: (frame === "one" ? 2 : 4) + (positions === "matched" ? 9 : 0),
      explained: 0.5,
      fact: 1,
    }),
    {
      frames,
      positions: ["natural", "matched"],
    },
  );

  test("one a frame and policy, and the average of the natural ones", () => {
    const { perFrame, all } = tablesOf(from);
    expect(perFrame.map(({ frame }) => frame)).toEqual(["one", "one@matched", "two", "two@matched"]);
    expect(all.frame).toBe("all");
    expect(new Set(all.column("c", "kl"))).toEqual(new Set([3]));
    const single = tablesOf(record(DRAWS.good));
    expect(single.all).toBe(single.perFrame[0]);
  });

  test("the noise floor is the largest difference of any item that was read again", () => {
    const difference = (value: number) => [
      { measure: "kl", layer: "", difference: value },
      { measure: "kl", layer: "other", difference: 9 },
    ];
    const noises: Record<string, number> = { i3: 0.5, i9: 0.25 };
    const batches = from.batches.map((batch) => ({
      ...batch,
      noise: batch.item in noises ? difference(noises[batch.item] as number) : null,
    }));
    const { perFrame } = tablesOf({ ...from, batches });
    expect(perFrame[0]?.noise("kl")).toBe(0.5);
    expect(perFrame[0]?.noise("fact")).toBeNull();
  });

  test("an item that misses a frame is missing from the average", () => {
    const part = changed(from, "c", "kl", ({ item, frame }) => (item === "i4" && frame === "two" ? null : undefined));
    const { all, perFrame } = tablesOf(part);
    expect(all.column("c", "kl")[4]).toBeNull();
    expect(all.column("c", "kl")[5]).toBe(3);
    expect(perFrame[0]?.column("c", "kl")[4]).toBe(2);
  });

  test("the ceiling is the mean of the paraphrases that an item has", () => {
    const part = changed(record(DRAWS.good), "paraphrase-far", "kl", ({ item }) => (item === "i2" ? null : undefined));
    const column = tablesOf(part).all.column("paraphrase", "kl");
    expect(column[2]).toBeCloseTo(1.75, 12);
    expect(column[3]).toBeCloseTo(3.25, 12);
  });

  test("the seam's share is the items', whatever the policy", () => {
    const batches = from.batches.map((batch) => ({
      ...batch,
      seamDiffers: batch.frame === "two" && batch.item < "i2",
    }));
    const share = batches.filter(({ frame, seamDiffers }) => frame === "two" && seamDiffers).length / 60;
    expect(analyze({ ...from, batches }).models[0]?.seams).toEqual({ one: 0, two: share });
    expect(share).toBeGreaterThan(0);
  });
});

describe("contrasts", () => {
  const clusters = ["a", "b", "c", "d", "e"];

  test("one-sided p-values on both sides: scipy.stats.ttest_1samp of 1, 2, 3, 4, 10", () => {
    const result = contrast("x", [1, 2, 3, 4, 10], clusters, TESTS);
    if (!("p" in result)) throw new Error(result.untestable);
    expect(result.t).toBeCloseTo(2.5298221281347035, 12);
    expect(result.p).toBeCloseTo(0.03233844697817652, 12);
    expect(result.pBelow).toBeCloseTo(1 - 0.03233844697817652, 12);
  });

  test("equal contrasts have no variance: the sign test's smallest p", () => {
    expect(contrast("x", [2, 2, 2, 2, 2], clusters, TESTS)).toMatchObject({ p: 1 / 32, pBelow: 1 });
    expect(contrast("x", [-2, -2, -2, -2, -2], clusters, TESTS)).toMatchObject({
      p: 1,
      pBelow: 1 / 32,
      itemsNeeded: null,
    });
    expect(contrast("x", [0, 0, 0, 0, 0], clusters, TESTS)).toMatchObject({ p: 1, pBelow: 1 });
  });

  test("nothing to test", () => {
    expect(contrast("x", [], [], TESTS)).toEqual({ name: "x", untestable: "no item has all the values it needs" });
    expect(contrast("x", [1, 2], ["a", "a"], TESTS)).toEqual({
      name: "x",
      untestable: expect.stringMatching(/at least 2 clusters/),
    });
  });

  test("the items that would do: four times as many for half the effect, none the wrong way", () => {
    // Cohen 1988: (1.96 + 0.8416)² = 7.849 items an effect of one standard deviation, for a normal variate.
    const observed = (mean: number) => itemsNeeded({ n: 1000, clusters: 1000, mean, se: 1 }, 0.025);
    expect(observed(1)).toBeGreaterThan(7849);
    expect(observed(1)).toBeLessThan(7853);
    expect(observed(0.5)).toBeGreaterThan(4 * 7849);
    expect(observed(0)).toBeNull();
    expect(observed(-1)).toBeNull();
    // Whole clusters of four: the same clusters, four times the items.
    expect(itemsNeeded({ n: 4000, clusters: 1000, mean: 1, se: 1 }, 0.025)).toBe(4 * (observed(1) as number));
  });

  test("both tests must agree: a long tail below lets t claim what the bootstrap does not", () => {
    // 39 small gains and one large loss: t = 2.3 says p = 0.013.
    const values = [...Array.from({ length: 39 }, (_, i) => 1 + 0.05 * (i % 5)), -12];
    const each = values.map((_, i) => `c${i}`);
    const both = contrast("x", values, each, TESTS);
    if (!("p" in both)) throw new Error(both.untestable);
    expect(studentUpperTail(both.t, 39)).toBeLessThan(0.025);
    expect(both.p).toBeGreaterThan(0.025);
  });
});
