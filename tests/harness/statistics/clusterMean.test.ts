import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import oracle from "../../oracles/fixtures/statistics.json" with { type: "json" };
import own from "./fixtures.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.clusterMean)("mean, se and df are those of the general matrices: $name", (example) => {
  const result = definite(clusterMean(example.values, example.clusters));
  expect(result.n).toBe(example.values.length);
  expect(result.clusters).toBe(new Set(example.clusters).size);
  expectNear(result.mean, example.estimate, 1e-12);
  expectNear(result.se, example.se, 1e-12);
  expectNear(result.df, example.df, 1e-10);
});

test.each(own.intervals)(
  "the interval has the t quantile of its level: $level",
  ({ values, clusters, level, low, high }) => {
    const result = definite(clusterMean(values, clusters, { level }));
    expectNear(result.low, low, 1e-10);
    expectNear(result.high, high, 1e-10);
  },
);

test("items of one cluster each give the standard error and df of the plain mean", () => {
  // 2, 4, 4, 6: mean 4, variance 8/3, se √(8/3/4)
  const result = definite(clusterMean([2, 4, 4, 6], ["a", "b", "c", "d"]));
  expect(result.mean).toBe(4);
  expectNear(result.se, Math.sqrt(2 / 3), 1e-15);
  expectNear(result.df, 3, 1e-14);
});

test("fewer than two clusters have no standard error", () => {
  const reason = (values: number[], clusters: string[]): unknown => clusterMean(values, clusters);
  expect(reason([], [])).toEqual({ defined: false, reason: "a standard error needs at least 2 clusters, not 0" });
  expect(reason([1], ["a"])).toEqual({ defined: false, reason: "a standard error needs at least 2 clusters, not 1" });
  expect(reason([1, 2], ["a", "a"])).toMatchObject({ defined: false });
  const two = definite(clusterMean([1, 3], ["a", "b"]));
  expect(two.mean).toBe(2);
  expectNear(two.se, 1, 1e-15);
  expectNear(two.df, 1, 1e-15);
});

test.each([
  ["ties", [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], ["a", "a", "b", "c", "c", "c", "d"], 0.1],
  ["zeros", [0, 0, 0], ["a", "b", "c"], 0],
  ["equal cluster means", [0.1, 0.5, 0.2, 0.4], ["a", "a", "b", "b"], 0.3],
  ["ties but for the last digit", [0.3, 0.1 + 0.2, 0.3], ["a", "b", "c"], 0.3],
])("no variance: %s", (_name, values, clusters, mean) => {
  const result = definite(clusterMean(values, clusters));
  expectNear(result.mean, mean, 1e-15);
  expect(result.se).toBe(0);
  expect(result.df).toBe(result.clusters - 1);
  expect([result.low, result.high]).toEqual([result.mean, result.mean]);
});

test("a small but real variance is kept", () => {
  const result = definite(clusterMean([1, 1 + 1e-12, 1, 1], ["a", "b", "c", "d"]));
  expectNear(result.se, 0.25e-12, 1e-3);
});

test("the largest numbers neither overflow nor underflow on the way", () => {
  const large = definite(clusterMean([1e308, 1.1e308, 1.2e308, 1.1e308], ["a", "b", "c", "d"]));
  expectNear(large.mean, 1.1e308, 1e-14);
  expectNear(large.se, 1e307 / Math.sqrt(6), 1e-12);
  const opposite = clusterMean([1e308, -1e308, 1e308, -1e308], ["a", "a", "b", "b"]);
  expect(opposite).toMatchObject({ defined: true, mean: 0, se: 0 });
  expect(clusterMean([1.7e308, -1.7e308], ["a", "b"])).toEqual({
    defined: false,
    reason: "the result is beyond the range of 64-bit floats",
  });
});

test("the smallest numbers keep their variance", () => {
  // 2, 4, 4, 6 times 2^-1070: se √(2/3) of that, a denormal of few digits
  const unit = 2 ** -1070;
  const result = definite(clusterMean([2 * unit, 4 * unit, 4 * unit, 6 * unit], ["a", "b", "c", "d"]));
  expect(result.mean).toBe(4 * unit);
  expect(result.se).toBe(13 * 2 ** -1074);
});

test.each([Number.NaN, Infinity, -Infinity])("%s is a bug upstream", (value) => {
  expect(() => clusterMean([1, value], ["a", "b"])).toThrow(`value 1 of a mean is ${value}`);
});

test("impossible arguments", () => {
  expect(() => clusterMean([1, 2], ["a"])).toThrow("2 values but 1 cluster labels");
  expect(() => clusterMean([1, 2], ["a", "b"], { level: 1 })).toThrow("strictly between 0 and 1, not 1");
  expect(() => clusterMean([1, 2], ["a", "b"], { level: Number.NaN })).toThrow("NaN");
});

/** Items with whole values, so that no variance comes from rounding, and their clusters. */
const items = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom("a", "b", "c", "d", "e")), {
  minLength: 1,
  maxLength: 40,
});
const split = (pairs: readonly (readonly [number, string])[]): [number[], string[]] => [
  pairs.map(([value]) => value),
  pairs.map(([, cluster]) => cluster),
];

test("shifted and scaled values shift and scale the result", () => {
  fc.assert(
    fc.property(
      items,
      fc.integer({ min: -500, max: 500 }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (pairs, shift, scale) => {
        const [values, clusters] = split(pairs);
        const before = clusterMean(values, clusters);
        const after = clusterMean(
          values.map((value) => (value + shift) * scale),
          clusters,
        );
        expect(after.defined).toBe(before.defined);
        if (!before.defined || !after.defined) return;
        const size = 1500 * scale;
        expectNear(after.mean, (before.mean + shift) * scale, 1e-12, size);
        expectNear(after.se, before.se * scale, 1e-12, size);
        expectNear(after.df, before.df, 1e-12);
        expectNear(after.low, (before.low + shift) * scale, 1e-10, size);
      },
    ),
  );
});

test("the order of items has no influence, nor the names of clusters", () => {
  const shuffled = items.chain((pairs) =>
    fc.tuple(
      fc.constant(pairs),
      fc.shuffledSubarray(
        pairs.map((_, i) => i),
        { minLength: pairs.length },
      ),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([pairs, order]) => {
      const before = clusterMean(...split(pairs));
      const renamed = order
        .map((i) => pairs[i] as [number, string])
        .map(([value, name]) => [value, `${name}!`] as const);
      const after = clusterMean(...split(renamed));
      expect(after.defined).toBe(before.defined);
      if (!before.defined || !after.defined) return;
      for (const key of ["mean", "se", "low", "high"] as const) expectNear(after[key], before[key], 1e-12, 1000);
      expectNear(after.df, before.df, 1e-12);
    }),
  );
});

test("any finite numbers give a defined or an undefined result, never NaN; 1 ≤ df ≤ clusters − 1", () => {
  const any = fc.array(
    fc.tuple(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(5e-324, -5e-324, 1.7e308, -1.7e308, 0),
      ),
      fc.constantFrom("a", "b", "c", "d", "e", "f"),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(any, (pairs) => {
      const result = clusterMean(...split(pairs));
      if (!result.defined) return;
      const { mean, se, df, low, high } = result;
      expect([mean, se, df, low, high].every(Number.isFinite)).toBe(true);
      expect(se).toBeGreaterThanOrEqual(0);
      expect(df).toBeGreaterThanOrEqual(1 - 1e-12);
      expect(df).toBeLessThanOrEqual(result.clusters - 1 + 1e-9);
      expect(low <= mean && mean <= high).toBe(true);
    }),
    { numRuns: 500 },
  );
});
