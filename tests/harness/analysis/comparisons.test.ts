/** Models and candidates against each other on records whose truth is known. */
import { describe, expect, test } from "vitest";
import { scoreDifference } from "../../../harness/analysis/compareModels.ts";
import { type Comparison, comparisons } from "../../../harness/analysis/comparisons.ts";
import { linearisedScore } from "../../../harness/analysis/linearisedScore.ts";
import { tables } from "../../../harness/analysis/Table.ts";
import type { RunRecord } from "../../../harness/RunRecord.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { DRAWS, LAYER, planted, usual } from "./plantedRecord.ts";

const find = (list: readonly Comparison[], wanted: Partial<Comparison>) => {
  const found = list.filter((one) =>
    Object.entries(wanted).every(([key, value]) => one[key as keyof Comparison] === value),
  );
  expect(found).toHaveLength(1);
  return found[0] as Comparison;
};

/** The record with a model's values put through `by`, as another model's unit would. */
function rescaled(
  record: RunRecord,
  model: string,
  measure: string,
  by: (value: number, condition: string) => number,
): RunRecord {
  const batches = record.batches.map((batch) => {
    if (batch.model !== model) return batch;
    const conditions = Object.entries(batch.conditions).map(([name, own]) => {
      const values = own.values.map((entry) =>
        entry.measure === measure && entry.value.kind === "defined"
          ? { ...entry, value: { ...entry.value, value: by(entry.value.value, name) } }
          : entry,
      );
      return [name, { ...own, values }] as const;
    });
    return { ...batch, conditions: Object.fromEntries(conditions) };
  });
  return { ...record, batches };
}

describe("linearised scores", () => {
  const four = (values: readonly number[]) => Array.from({ length: 24 }, (_, i) => values[i % 6] as number);
  const F = four([10, 12, 9, 14, 11, 13]);
  const C = four([2, 3, 1.5, 2.5, 3.5, 2]);
  const L = four([4, 3, 5, 2.5, 6, 4]);
  const names = F.map((_, i) => `c${i}`);

  // numpy: the textbook delta method on the 4 × 4 covariance of both numerators and denominators.
  test("the difference of two ratios and its standard error", () => {
    const one = linearisedScore(F, C, L, names);
    const other = linearisedScore(
      four([20, 25, 17, 30, 24, 22]),
      four([5, 4, 6, 5.5, 4.5, 7]),
      four([9, 12, 7, 10, 8, 15]),
      names,
    );
    if (!one.defined || !other.defined) throw new Error("undefined");
    expect(one.score).toBeCloseTo(0.8165137614678899, 12);
    expect(other.score).toBeCloseTo(0.7264150943396226, 12);
    const difference = clusterMean(
      one.values.map((value, i) => value - (other.values[i] as number)),
      names,
    );
    expect(difference).toMatchObject({
      mean: expect.closeTo(0.0900986671282673, 12),
      se: expect.closeTo(0.04916770819757897, 12),
    });
  });

  test("no scale where floor and ceiling do not separate", () => {
    const flat = linearisedScore(
      F,
      F.map((value, i) => value + (i % 2 ? 1 : -1.1)),
      L,
      names,
    );
    expect(flat).toMatchObject({ defined: false, reason: expect.stringContaining("do not separate") });
  });
});

describe("models", () => {
  const models = ["one", "two"];

  test("equal models: the p-values are those of no difference", () => {
    const draws = new ClusterResampler(1, 999);
    const ps = Array.from({ length: 120 }, (_, seed) => {
      const record = planted({ seed: seed + 1, models, candidates: { good: usual(5, 0.4, 0.3, 0.2, -0.5, 0.3) } });
      const [first, second] = record.manifest.models.map((model) => tables(record, model).all);
      if (!first || !second) throw new Error("two models");
      const places = [
        { table: first, condition: "good" },
        { table: second, condition: "good" },
      ] as const;
      return scoreDifference(places, { name: "kl", better: "lower" }, "", first.clusters, draws).paired.p as number;
    });
    // 5 % of 120 is 6, and 13 is beyond three Monte Carlo standard errors.
    expect(ps.filter((p) => p < 0.05).length).toBeLessThanOrEqual(13);
    const average = ps.reduce((sum, p) => sum + p, 0) / ps.length;
    // Uniform: 0.5 ± 3 · 0.29/√120; the larger of two p-values is a little above.
    expect(average).toBeGreaterThan(0.42);
    expect(average).toBeLessThan(0.62);
  });

  const worseOnTwo = planted({
    seed: 2,
    models,
    candidates: { code: (truth) => DRAWS.good(truth), other: DRAWS.good },
  });
  const shifted = rescaled(worseOnTwo, "two", "kl", (value, condition) => (condition === "code" ? value + 3 : value));

  test("a code that is worse on one model is found, and only that", () => {
    const list = comparisons(shifted);
    const found = find(list, { kind: "models", condition: "code", measure: "kl" });
    expect(found).toMatchObject({ first: "one", second: "two", unit: "score", finding: "first closer", n: 40 });
    // 3 nats of a way that is 8 to 10 nats long in this record.
    expect(found.difference).toBeGreaterThan(3 / 10);
    expect(found.difference).toBeLessThan(3 / 8);
    expect(found.low as number).toBeGreaterThan(0);
    expect(found.adjusted as number).toBeGreaterThan(found.p as number);
    const others = list.filter((one) => one.kind === "models" && one !== found && one.condition === "other");
    expect(others.map(({ finding }) => finding).filter((finding) => finding.includes("closer"))).toEqual([]);
  });

  test("a model's own unit does not matter: values times seven give the same comparison", () => {
    const scaled = comparisons(rescaled(shifted, "two", "kl", (value) => 7 * value));
    for (const condition of ["code", "other"]) {
      const wanted = { kind: "models", condition, measure: "kl" } as const;
      const [one, other] = [find(comparisons(shifted), wanted), find(scaled, wanted)];
      expect(other.difference).toBeCloseTo(one.difference as number, 10);
      expect(other.p).toBeCloseTo(one.p as number, 10);
    }
  });

  test("a model whose floor and ceiling do not separate has no score to compare", () => {
    const flat = rescaled(worseOnTwo, "two", "kl", () => 5);
    const found = find(comparisons(flat), { kind: "models", condition: "code", measure: "kl" });
    expect(found).toMatchObject({ n: 0, difference: null, p: null, adjusted: null, finding: "" });
    expect(found.reason).toBe("two: floor and paraphrase do not separate, so there is no scale");
    expect(find(comparisons(flat), { kind: "models", condition: "code", measure: "fact" }).p).not.toBeNull();
  });
});

describe("candidates", () => {
  const record = planted({ seed: 3, candidates: { good: DRAWS.good, same: DRAWS.good, chinese: DRAWS.chinese } });
  const list = comparisons(record);

  test("one model: every two candidates, in the measure's own unit", () => {
    expect(list.every(({ kind, model }) => kind === "candidates" && model === "planted")).toBe(true);
    expect(new Set(list.map(({ first, second }) => `${first} ${second}`))).toEqual(
      new Set(["good same", "good chinese", "same chinese"]),
    );
    const found = find(list, { first: "good", second: "chinese", measure: "kl" });
    expect(found).toMatchObject({ unit: "nats a continuation", better: "lower", finding: "first closer" });
    const { all } = tables(record, record.manifest.models[0] as (typeof record.manifest.models)[0]);
    const means = ["good", "chinese"].map((name) =>
      all.column(name, "kl").reduce<number>((sum, v) => sum + (v ?? 0) / 40, 0),
    );
    expect(found.difference).toBeCloseTo((means[0] as number) - (means[1] as number), 10);
    expect(find(list, { first: "good", second: "chinese", measure: "state.explained", layer: LAYER }).finding).toBe(
      "first closer",
    );
    expect(find(list, { first: "good", second: "chinese", measure: "good" })).toMatchObject({
      finding: "first closer",
      unit: "share of items",
    });
    for (const measure of ["kl", "state.explained", "fact", "good"]) {
      expect(find(list, { first: "good", second: "same", measure }).finding).toBe("");
    }
  });

  test("Holm over all tests of a kind", () => {
    const smallest = Math.min(...list.map(({ p }) => p ?? 1));
    expect(Math.min(...list.map(({ adjusted }) => adjusted ?? 1))).toBe(12 * smallest);
  });

  test("nothing below the noise floor is a difference, however small its p-value", () => {
    const near = rescaled(
      planted({ seed: 3, noise: 0.5, candidates: { one: DRAWS.good, two: DRAWS.perfect } }),
      "planted",
      "kl",
      (value, name) => (name === "two" ? 0.6 : name === "one" ? 1 : value),
    );
    const found = find(comparisons(near), { measure: "kl" });
    expect(found.p as number).toBeLessThan(1e-6);
    expect(found).toMatchObject({ noise: 0.5, finding: "below noise", difference: expect.closeTo(0.4, 10) });
  });

  test("fewer than 20 clusters make no claim", () => {
    const few = comparisons(planted({ seed: 3, items: 19, candidates: { good: DRAWS.good, chinese: DRAWS.chinese } }));
    expect(few.length).toBeGreaterThan(0);
    expect(few.map(({ finding }) => finding).filter((finding) => finding !== "")).toEqual([]);
  });

  test("one model and one candidate: nothing", () => {
    expect(comparisons(planted({ seed: 1, candidates: { good: DRAWS.good } }))).toEqual([]);
  });
});
