import fc from "fast-check";
import { expect, test } from "vitest";
import { bootstrapInterval } from "../../../harness/statistics/bootstrapInterval.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

const mean = (means: Float64Array): number => means[0] as number;
const resampler = new ClusterResampler(1, 499);

test.each(oracle.bootstrap)(
  "percentile and BCa intervals of given resamples are numpy's and scipy's: $name",
  (example) => {
    const { values, clusters, draws, level } = example;
    const given = { resamples: draws.length, draws: () => Uint16Array.from(draws.flat()) };
    const result = definite(bootstrapInterval([values], clusters, mean, given, level));
    expectNear(result.percentile.low, example.percentile[0] as number, 1e-10);
    expectNear(result.percentile.high, example.percentile[1] as number, 1e-10);
    const bca = definite(result.bca);
    expectNear(bca.low, example.bca[0] as number, 1e-9);
    expectNear(bca.high, example.bca[1] as number, 1e-9);
  },
);

test("a statistic of several columns is computed anew in each resample", () => {
  const one = [1, 5, 2, 6, 3, 7];
  const other = [6, 2, 5, 1, 4, 3];
  const clusters = ["a", "b", "c", "d", "e", "f"];
  const best = (means: Float64Array): number => Math.max(...means);
  const result = definite(bootstrapInterval([one, other], clusters, best, resampler));
  expect(result.value).toBe(4);
  // The larger mean of a resample is never below the mean of the two, 3.75 ± its own spread.
  const first = definite(bootstrapInterval([one], clusters, mean, resampler));
  expect(result.percentile.low).toBeGreaterThan(first.percentile.low);
});

test("undefined: too few clusters, a statistic without value, resamples on one side", () => {
  const run = (values: number[], clusters: string[], statistic = mean) =>
    bootstrapInterval([values], clusters, statistic as (means: Float64Array) => number | null, resampler);
  expect(run([1, 2], ["a", "a"])).toMatchObject({
    defined: false,
    reason: "an interval needs at least 2 clusters, not 1",
  });
  expect(run([], [])).toMatchObject({ defined: false });
  expect(run([1, 2], ["a", "b"], () => Number.NaN)).toMatchObject({ reason: "the statistic has no finite value" });
  const ratio = (means: Float64Array): number => 1 / (means[0] as number);
  expect(run([0, 1], ["a", "b"], ratio)).toMatchObject({ reason: expect.stringMatching(/^in \d+ of 499 resamples/) });
  expect(() => bootstrapInterval([], [], mean, resampler)).toThrow("at least one column");
  // A maximum over resamples of its own bound: every resample lies at or above it.
  const square = definite(run([-1, 1, -1, 1], ["a", "b", "c", "d"], (means) => (means[0] as number) ** 2));
  expect(square.bca.defined || square.percentile.low === 0).toBe(true);
  expect(definite(run([3, 3], ["a", "b"])).percentile).toEqual({ low: 3, high: 3 });
});

test("any finite numbers give finite ends in order, or none", () => {
  const small = new ClusterResampler(2, 99);
  fc.assert(
    fc.property(extremeItems, (items) => {
      const [values, clusters] = split(items);
      const result = bootstrapInterval([values], clusters, mean, small);
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
      if (!result.defined) return;
      expect(result.percentile.low).toBeLessThanOrEqual(result.percentile.high);
      if (result.bca.defined) expect(result.bca.low).toBeLessThanOrEqual(result.bca.high);
    }),
    { numRuns: 300 },
  );
});
