import fc from "fast-check";
import { expect, test } from "vitest";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { gaffkeTest } from "../../../harness/statistics/gaffkeTest.ts";

const resampler = new ClusterResampler(1, 9999);
/** Five standard errors of a share of 9,999. */
const near = (p: number, expected: number) =>
  expect(Math.abs(p - expected), `${p} against ${expected}`).toBeLessThan(
    5 * Math.sqrt((expected * (1 - expected)) / 9999) + 1e-4,
  );

test.each([
  [[2], -3],
  [[1, 1, 1], -2],
  [[0.5, 1.5, 4, 2.5], -3],
  [Array.from({ length: 40 }, () => 1), -8],
])("sums above 0: p is the product of |L| / (|L| + S), P(W_0 |L| ≥ Σ W S) for exponential weights", (sums, lowest) => {
  near(
    gaffkeTest(sums, lowest, resampler),
    sums.reduce((product, sum) => (product * -lowest) / (sum - lowest), 1),
  );
});

test("a sum at the bound, and sums of either sign: P(W_0 + W_1 ≥ 3 W_2) = 1 − (3/4)² and alike", () => {
  near(gaffkeTest([-1, 3], -1, resampler), 1 - 0.75 ** 2);
  // W_0 + W_1 + W_2 against W_3 + W_4: the beta distribution at ½.
  near(gaffkeTest([-1, -1, 1, 1], -1, resampler), 11 / 16);
  expect(gaffkeTest([1, 2], 0.5, resampler), "nothing can be below 0").toBe(1 / 10_000);
  expect(gaffkeTest([-1, -2], -2, resampler)).toBe(1);
});

test("a lower bound never makes a claim easier, a better cluster never harder", () => {
  const sums = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(sums, fc.double({ min: 0, max: 9, noNaN: true }), fc.nat(11), (values, deeper, at) => {
      const lowest = Math.min(...values) - 1;
      const p = gaffkeTest(values, lowest, resampler);
      expect(gaffkeTest(values, lowest - deeper, resampler)).toBeGreaterThanOrEqual(p);
      const better = values.map((value, i) => (i === at ? value + 1 : value));
      expect(gaffkeTest(better, lowest, resampler)).toBeLessThanOrEqual(p);
    }),
    { numRuns: 30, seed: 1 },
  );
});

test("what is no test says why", () => {
  expect(() => gaffkeTest([], -1, resampler)).toThrow("at least one cluster");
  expect(() => gaffkeTest([1, Number.NaN], -1, resampler)).toThrow("not finite");
  expect(() => gaffkeTest([1, -2], -1, resampler)).toThrow("-2 lies below the bound -1");
});
