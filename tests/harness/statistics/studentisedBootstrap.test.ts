import fc from "fast-check";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expect, test } from "vitest";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { meanTest } from "../../../harness/statistics/meanTest.ts";
import { normalQuantile } from "../../../harness/statistics/normalQuantile.ts";
import { studentisedBootstrap } from "../../../harness/statistics/studentisedBootstrap.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split, wholeItems } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

/** A resampler of given draws, one row a resample. */
const given = (draws: readonly (readonly number[])[]) => ({
  resamples: draws.length,
  draws: () => Uint16Array.from(draws.flat()),
});
const resampler = new ClusterResampler(1, 999);

test.each(oracle.bootstrap)(
  "given resamples have the p and the interval of item-by-item arithmetic: $name",
  (example) => {
    const result = definite(
      studentisedBootstrap(example.values, example.clusters, given(example.draws), example.level),
    );
    expectNear(result.se, example.se, 1e-12);
    expectNear(result.t, example.t, 1e-12);
    expect(result.degenerate).toBe(example.degenerate);
    expectNear(result.p, example.p, 1e-12);
    expectNear(result.pBelow, example.pBelow, 1e-12);
    const interval = definite(result.interval);
    expectNear(interval.low, example.low as number, 1e-10);
    expectNear(interval.high, example.high as number, 1e-10);
  },
);

test("with clusters of one size se is that of clusterMean", () => {
  const values = [1, 4, 2, 8, 5, 7, 1, 3];
  const clusters = ["a", "a", "b", "b", "c", "c", "d", "d"];
  const { mean, se } = definite(clusterMean(values, clusters));
  const result = definite(studentisedBootstrap(values, clusters, resampler));
  expectNear(result.mean, mean, 1e-15);
  expectNear(result.se, se, 1e-14);
});

test("resamples without variance count against both claims and can leave no interval", () => {
  // Of two clusters, half of the resamples have only one: p cannot fall below ½.
  const two = definite(studentisedBootstrap([5, 6], ["a", "b"], resampler));
  expect(two.degenerate).toBeGreaterThan(400);
  expect(two.p).toBeGreaterThanOrEqual(two.degenerate / 1000);
  expect(two.pBelow).toBeGreaterThanOrEqual(two.degenerate / 1000);
  expect(two.interval).toMatchObject({ defined: false });
  // One item in 24 differs: most resamples have it or not, and 36 % have no variance at all.
  const values = Array.from({ length: 24 }, (_, i) => (i === 0 ? 0 : 1));
  const clusters = values.map((_, i) => `c${i}`);
  expect(definite(meanTest(values, clusters)).p).toBeLessThan(1e-15);
  expect(definite(studentisedBootstrap(values, clusters, resampler)).p).toBeGreaterThan(0.3);
});

test("undefined: too few clusters, and cluster means that do not differ", () => {
  const run = (values: number[], clusters: string[]): unknown => studentisedBootstrap(values, clusters, resampler);
  expect(run([], [])).toEqual({ defined: false, reason: "a standard error needs at least 2 clusters, not 0" });
  expect(run([1, 2], ["a", "a"])).toMatchObject({ defined: false });
  const same = { defined: false, reason: "all clusters have the same mean: there is no standard error to divide by" };
  expect(run([0.1, 0.1, 0.1], ["a", "b", "c"])).toEqual(same);
  expect(run([0.1, 0.5, 0.2, 0.4], ["a", "a", "b", "b"])).toEqual(same);
  expect(run([0, 0], ["a", "b"])).toEqual(same);
  expect(() => run([1, Number.NaN], ["a", "b"])).toThrow("value 1 of a mean is NaN");
  expect(() => run([1], ["a", "b"])).toThrow("1 values but 2 cluster labels");
  expect(() => studentisedBootstrap([1, 2], ["a", "b"], resampler, 1)).toThrow("between 0 and 1");
});

test("a level whose ranks lie beyond the resamples has no interval", () => {
  const few = new ClusterResampler(1, 19);
  const clusters = ["a", "b", "c", "d", "e", "f", "g", "h"];
  expect(definite(studentisedBootstrap([1, 2, 3, 5, 8, 9, 4, 7], clusters, few, 0.95)).interval.defined).toBe(false);
  expect(definite(studentisedBootstrap([1, 2, 3, 5, 8, 9, 4, 7], clusters, few, 0.9)).interval.defined).toBe(true);
});

test("the interval excludes 0 exactly where the test holds", () => {
  fc.assert(
    fc.property(wholeItems, fc.constantFrom(0.005, 0.025, 0.1), (items, alpha) => {
      const result = studentisedBootstrap(...split(items), resampler, 1 - 2 * alpha);
      if (!result.defined || !result.interval.defined || Math.abs(result.t) < 1e-9) return;
      expect(result.interval.low > 0).toBe(result.p <= alpha + 1e-12);
      expect(result.interval.high < 0).toBe(result.pBelow <= alpha + 1e-12);
    }),
  );
});

test("scale does not matter, and the sign swaps the sides", () => {
  fc.assert(
    fc.property(wholeItems, fc.constantFrom(2 ** 40, 2 ** -1000, 2 ** 900), (items, scale) => {
      const [values, clusters] = split(items);
      const before = studentisedBootstrap(values, clusters, resampler);
      const after = studentisedBootstrap(
        values.map((value) => -value * scale),
        clusters,
        resampler,
      );
      expect(after.defined).toBe(before.defined);
      if (!before.defined || !after.defined) return;
      expect([after.p, after.pBelow]).toEqual([before.pBelow, before.p]);
      expectNear(after.se, before.se * scale, 1e-12);
    }),
  );
});

test("the order of items does not matter", () => {
  fc.assert(
    fc.property(wholeItems, (items) => {
      const before = studentisedBootstrap(...split(items), resampler);
      const after = studentisedBootstrap(...split([...items].reverse()), resampler);
      expect(after.defined).toBe(before.defined);
      if (!before.defined || !after.defined) return;
      // Resamples that repeat the sample tie with its t up to the last digit, on either side.
      expect(Math.abs(after.p - before.p)).toBeLessThan(0.06);
      expectNear(after.t, before.t, 1e-9, 1);
    }),
  );
});

test("any finite numbers give a defined or an undefined result, never NaN and never a p of 0", () => {
  const small = new ClusterResampler(2, 99);
  fc.assert(
    fc.property(extremeItems, (items) => {
      const result = studentisedBootstrap(...split(items), small);
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
      if (!result.defined) return;
      for (const p of [result.p, result.pBelow]) {
        expect(p).toBeGreaterThanOrEqual(0.01);
        expect(p).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});

test("for contrasts with a long tail below it errs less than t, and both together no more than either", () => {
  // Lognormal losses, mean 0, 24 clusters: tests/oracles/testSizes.py has t at 12.6 %, bootstrap-t at 6.7 %, of 2.5 %.
  const generator = xoroshiro128plus(11);
  const uniform = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const clusters = Array.from({ length: 24 }, (_, i) => `c${i}`);
  const held = { t: 0, bootstrap: 0, both: 0 };
  const repetitions = 1500;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const values = clusters.map(() => Math.exp(0.5) - Math.exp(normalQuantile(uniform())));
    const t = definite(meanTest(values, clusters)).p <= 0.025;
    const bootstrap = definite(studentisedBootstrap(values, clusters, resampler)).p <= 0.025;
    held.t += Number(t);
    held.bootstrap += Number(bootstrap);
    held.both += Number(t && bootstrap);
  }
  // Four standard errors: 3.4 and 2.6 points.
  expectNear(held.t / repetitions, 0.126, 0.034 / 0.126);
  expectNear(held.bootstrap / repetitions, 0.067, 0.026 / 0.067);
  expect(held.both).toBeLessThanOrEqual(Math.min(held.t, held.bootstrap));
});
