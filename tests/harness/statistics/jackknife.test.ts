import fc from "fast-check";
import { mean, sampleCorrelation } from "simple-statistics";
import { expect, test } from "vitest";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { jackknife } from "../../../harness/statistics/jackknife.ts";
import { extremeItems, numbersIn, split } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

const meanOf = (values: readonly number[]) => (items: readonly number[]) => mean(items.map((i) => values[i] as number));

test("for a mean of clusters of one size it is the interval of the cluster means, without bias", () => {
  const values = [2, 4, 4, 6, 1, 9, 3, 3];
  const clusters = ["a", "a", "b", "b", "c", "c", "d", "d"];
  const result = definite(jackknife(clusters, meanOf(values)));
  const direct = definite(clusterMean(values, clusters));
  for (const key of ["se", "low", "high"] as const) expectNear(result[key], direct[key], 1e-12);
  expect(Math.abs(result.bias)).toBeLessThan(1e-12);
});

test("for a mean of unequal clusters se is CR3: cluster sums of residuals over n − n_g", () => {
  // ȳ = 4; without a: 6, without b: 3, without c: 11/3; se² = 2/3 (4 + 1 + 1/9)
  const result = definite(jackknife(["a", "a", "b", "c"], meanOf([2, 2, 7, 5])));
  expectNear(result.se, Math.sqrt((2 / 3) * (4 + 1 + 1 / 9)), 1e-12);
});

test("published: correlation of 15 law schools (Efron & Tibshirani 1993, table 3.1; jackknife se 0.1425, bias −0.0065)", () => {
  const lsat = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594];
  const gpa = [3.39, 3.3, 2.81, 3.03, 3.44, 3.07, 3.0, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96];
  const of = (column: readonly number[], items: readonly number[]) => items.map((i) => column[i] as number);
  const result = definite(
    jackknife(
      lsat.map((_, i) => `school ${i}`),
      (items) => sampleCorrelation(of(lsat, items), of(gpa, items)),
    ),
  );
  expectNear(result.value, 0.7764, 1e-4);
  expectNear(result.se, 0.1425, 1e-3);
  expectNear(result.bias, -0.0065, 2e-2);
});

test("undefined: too few clusters, and a statistic that needs the cluster that is left out", () => {
  expect(jackknife(["a", "a"], () => 1)).toMatchObject({ reason: "a jackknife needs at least 2 clusters, not 1" });
  expect(jackknife([], () => 1).defined).toBe(false);
  expect(jackknife(["a", "b"], () => null)).toMatchObject({ reason: "the statistic has no finite value" });
  expect(jackknife(["a", "b"], (items) => (items.includes(1) ? 1 : Infinity))).toMatchObject({
    reason: 'without cluster "b" there is no finite value',
  });
  expect(() => jackknife(["a", "b"], () => 1, 0)).toThrow("between 0 and 1");
  expect(definite(jackknife(["a", "b"], () => 3))).toMatchObject({ se: 0, low: 3, high: 3, bias: 0 });
});

test("any finite numbers give finite results or none", () => {
  fc.assert(
    fc.property(extremeItems, (items) => {
      const [values, clusters] = split(items);
      const result = jackknife(clusters, meanOf(values));
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
    }),
  );
});
