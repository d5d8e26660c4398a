import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { clusterRatio, fieller } from "../../../harness/statistics/fieller.ts";
import { studentQuantile } from "../../../harness/statistics/studentT.ts";
import own from "./fixtures.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(own.fieller)("the limits are the roots found numerically: $means", ({ means, t, ratio, low, high }) => {
  const result = definite(fieller(means, t));
  expectNear(result.ratio, ratio, 1e-14);
  expectNear(result.low, low, 1e-11, 1e-2);
  expectNear(result.high, high, 1e-11, 1e-2);
});

test.each(own.ratios)("the limits invert the cluster-robust test: level $level", (example) => {
  const { numerators, denominators, clusters, level } = example;
  const result = definite(clusterRatio(numerators, denominators, clusters, level));
  expectNear(result.ratio, example.ratio, 1e-12);
  expectNear(result.low, example.low, 1e-10);
  expectNear(result.high, example.high, 1e-10);
});

const plain = { numerator: 2, denominator: 5, numeratorVariance: 0.3, denominatorVariance: 0.4, covariance: 0.1 };

test("a denominator that may be 0 has no bounds, but its ratio is told", () => {
  expect(fieller({ ...plain, denominatorVariance: 6.26 }, 2)).toEqual({
    defined: false,
    ratio: 0.4,
    reason: "the denominator's mean is not distinguishable from 0 at this level",
  });
  expect(fieller({ ...plain, denominatorVariance: 6.24 }, 2).defined).toBe(true);
  const none = { defined: false, ratio: null, reason: "the denominator's mean is 0" };
  expect(fieller({ ...plain, denominator: 0 }, 2)).toEqual(none);
  expect(fieller({ ...plain, numerator: 0, denominator: 0 }, 2)).toEqual(none);
});

test("moments that no means have", () => {
  expect(() => fieller({ ...plain, numeratorVariance: -1 }, 2)).toThrow("numeratorVariance is -1");
  expect(() => fieller({ ...plain, denominator: Number.NaN }, 2)).toThrow("denominator is NaN");
  expect(() => fieller({ ...plain, covariance: 0.35 }, 2)).toThrow("covariance 0.35 exceeds");
  expect(() => fieller(plain, -1)).toThrow("t is -1");
});

test("a numerator in proportion to the denominator has a ratio without doubt", () => {
  // Numbers whose rounding leaves less than 0 under the root.
  const denominators = [10.6, 13.1, 13.3, 7.5];
  const result = definite(
    clusterRatio(
      denominators.map((value) => value * 0.4),
      denominators,
      ["a", "b", "c", "d"],
      0.5,
    ),
  );
  expectNear(result.ratio, 0.4, 1e-14);
  expectNear(result.low, 0.4, 1e-7);
  expectNear(result.high, 0.4, 1e-7);
});

test("too few clusters, and numbers beyond the range", () => {
  expect(clusterRatio([], [], [])).toMatchObject({ defined: false, ratio: null });
  expect(clusterRatio([1, 2], [3, 4], ["a", "a"])).toMatchObject({ defined: false, ratio: null });
  expect(clusterRatio([0, 0], [0, 0], ["a", "b"])).toMatchObject({ defined: false, ratio: null });
  const beyond = { defined: false, ratio: null, reason: "the result is beyond the range of 64-bit floats" };
  expect(clusterRatio([1e308, 1e308], [1e-308, 1e-308], ["a", "b"])).toEqual(beyond);
  expect(clusterRatio([1.5e308, 1.5e308], [1e308, 1e308], ["a", "b"])).toMatchObject({
    ratio: 1.5,
    low: 1.5,
    high: 1.5,
  });
  const balanced = clusterRatio([1e308, -1e308, 1e308, -1e308], [1e-9, 1e-9, 1e-9, 1e-9], ["a", "a", "b", "b"]);
  expect(balanced).toEqual({ defined: true, ratio: 0, low: 0, high: 0 });
  expect(() => clusterRatio([1, Number.NaN], [1, 1], ["a", "b"])).toThrow("value 1 of a mean is NaN");
});

const triples = fc.array(
  fc.tuple(
    fc.integer({ min: -50, max: 80 }),
    fc.integer({ min: 1, max: 90 }),
    fc.constantFrom("a", "b", "c", "d", "e", "f"),
  ),
  { minLength: 3, maxLength: 30 },
);

test("at the limits the mean of numerator − ρ · denominator is just significant", () => {
  fc.assert(
    fc.property(triples, (rows) => {
      const numerators = rows.map(([numerator]) => numerator);
      const denominators = rows.map(([, denominator]) => denominator);
      const clusters = rows.map(([, , cluster]) => cluster);
      const result = clusterRatio(numerators, denominators, clusters);
      // Near the edge of the bounded case the limits go to infinity, and with them all rounding.
      if (!result.defined || result.high - result.low > 100) return;
      for (const rho of [result.low, result.high]) {
        const mean = definite(
          clusterMean(
            numerators.map((value, i) => value - rho * (denominators[i] as number)),
            clusters,
          ),
        );
        expectNear(Math.abs(mean.mean), -studentQuantile(0.025, mean.df) * mean.se, 1e-6, 1e-6);
      }
    }),
  );
});

test("scaled numerators and denominators scale the ratio; any finite numbers give no NaN", () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(triples, fc.array(fc.tuple(number, number), { maxLength: 8 }), (rows, wild) => {
      const clusters = rows.map(([, , cluster]) => cluster);
      const denominators = rows.map(([, denominator]) => denominator);
      const before = clusterRatio(
        rows.map(([numerator]) => numerator),
        denominators,
        clusters,
      );
      const after = clusterRatio(
        rows.map(([numerator]) => numerator * -2e200),
        denominators.map((d) => d * 4e200),
        clusters,
      );
      if (before.defined && before.high - before.low < 100) {
        const turned = definite(after);
        expectNear(turned.low, -0.5 * before.high, 1e-9, 1e-2);
        expectNear(turned.high, -0.5 * before.low, 1e-9, 1e-2);
      }
      const any = clusterRatio(
        wild.map(([one]) => one),
        wild.map(([, other]) => other),
        wild.map((_, i) => `c${i}`),
      );
      if (any.defined) {
        expect([any.ratio, any.low, any.high].every(Number.isFinite)).toBe(true);
        expect(any.low <= any.ratio && any.ratio <= any.high).toBe(true);
      } else expect(Number.isNaN(any.ratio)).toBe(false);
    }),
  );
});
