import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { meanTest } from "../../../harness/statistics/meanTest.ts";
import oracle from "../../oracles/fixtures/statistics.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.clusterMean)("t and the one-sided p are scipy's: $name", (example) => {
  const result = definite(meanTest(example.values, example.clusters));
  expectNear(result.t, example.t, 1e-11);
  expectNear(result.p, example.p, 1e-10);
  expect(result.degenerate).toBe(false);
  expect(result).toMatchObject(clusterMean(example.values, example.clusters));
});

test.each([
  [0.1, Infinity, 0],
  [-0.1, -Infinity, 1],
  [0, 0, 0.5],
  [-0, 0, 0.5],
])("without variance a mean of %d is marked degenerate", (value, t, p) => {
  const result = definite(meanTest([value, value, value], ["a", "b", "c"]));
  expect(result).toMatchObject({ degenerate: true, se: 0, df: 2, p });
  expect(result.t === t).toBe(true);
});

test("too few clusters leave the test undefined, with clusterMean's reason", () => {
  expect(meanTest([1, 2], ["a", "a"])).toEqual(clusterMean([1, 2], ["a", "a"]));
  expect(meanTest([], []).defined).toBe(false);
});

test("the interval of level 1 − 2α excludes 0 from below exactly where p < α", () => {
  const sample = fc.array(fc.integer({ min: -20, max: 30 }), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(sample, fc.constantFrom(0.005, 0.025, 0.1), (values, alpha) => {
      const clusters = values.map((_, i) => `c${i % 3}`);
      const result = definite(meanTest(values, clusters, { level: 1 - 2 * alpha }));
      if (result.degenerate) return;
      expect(result.low > 0).toBe(result.p < alpha);
    }),
  );
});

test("the tests of a sample and of its negative share their p out", () => {
  const sample = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(sample, (values) => {
      const clusters = values.map((_, i) => `c${i}`);
      const one = meanTest(values, clusters);
      const other = meanTest(
        values.map((value) => -value),
        clusters,
      );
      expect(other.defined).toBe(one.defined);
      if (!one.defined || !other.defined) return;
      expect(Number.isNaN(one.t)).toBe(false);
      expectNear(one.p + other.p, 1, 1e-12);
    }),
  );
});
