import fc from "fast-check";
import { expect, test } from "vitest";
import { effectSize } from "../../../harness/statistics/effectSize.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

test.each(oracle.effects)(
  "d, g and the interval are scipy's noncentral t",
  ({ values, clusters, level, ...expected }) => {
    const result = definite(effectSize(values, clusters, level));
    expectNear(result.d, expected.d, 1e-12);
    expectNear(result.g as number, expected.g, 1e-10);
    const interval = definite(result.interval);
    expectNear(interval.low, expected.low, 1e-6, 0.1);
    expectNear(interval.high, expected.high, 1e-6, 0.1);
  },
);

test("items of two clusters: d, but no g, whose factor is 0", () => {
  const result = definite(effectSize([1, 3], ["a", "b"]));
  expectNear(result.d, Math.SQRT2, 1e-12);
  expect(result.g).toBe(null);
});

test("undefined: too few clusters, no variance; no interval where t is too large", () => {
  expect(effectSize([], []).defined).toBe(false);
  expect(effectSize([1, 2], ["a", "a"]).defined).toBe(false);
  expect(effectSize([4, 4, 4], ["a", "b", "c"])).toMatchObject({ reason: expect.stringContaining("do not vary") });
  const sharp = definite(effectSize([1, 1 + 1e-9, 1, 1], ["a", "b", "c", "d"]));
  expect(sharp.interval).toMatchObject({ defined: false, reason: expect.stringContaining("too large") });
});

test("scale does not matter, nor extreme numbers", () => {
  fc.assert(
    fc.property(extremeItems, (items) => {
      const result = effectSize(...split(items));
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
      if (!result.defined || !result.interval.defined) return;
      expect(result.interval.low <= result.d + 1e-9 && result.d <= result.interval.high + 1e-9).toBe(true);
    }),
    { numRuns: 100 },
  );
  const [small, large] = [1e-300, 1e307].map((unit) =>
    definite(
      effectSize(
        [1, 2, 4, 3].map((value) => value * unit),
        ["a", "b", "c", "d"],
      ),
    ),
  );
  expectNear(small?.d as number, large?.d as number, 1e-12);
});
