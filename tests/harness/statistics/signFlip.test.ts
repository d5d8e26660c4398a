import fc from "fast-check";
import { expect, test } from "vitest";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { clusterSums } from "../../../harness/statistics/clusterSums.ts";
import { clusterTotals, flippedT, signFlip } from "../../../harness/statistics/signFlip.ts";
import { studentisedBootstrap } from "../../../harness/statistics/studentisedBootstrap.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split, wholeItems } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

const resampler = new ClusterResampler(1, 999);

test.each(oracle.flips)(
  "all $flips sign patterns have the p of scipy's permutation test or item-by-item arithmetic",
  (example) => {
    const result = definite(signFlip(example.values, example.clusters, resampler));
    expect(result).toMatchObject({ exact: true, flips: example.flips });
    expectNear(result.p, example.p, 1e-12);
    expectNear(result.pBelow, example.pBelow, 1e-12);
  },
);

test("t of flipped clusters is √(G/(G − 1)) times the linearised t of the flipped values", () => {
  const values = [3, -1, 2, 2, 5, 1, 4, -2, 7];
  const clusters = ["a", "b", "b", "b", "b", "c", "c", "d", "d"];
  const signs = { a: 1, b: -1, c: 1, d: 1 };
  const flipped = values.map((value, i) => value * signs[clusters[i] as keyof typeof signs]);
  const { t } = definite(studentisedBootstrap(flipped, clusters, resampler));
  const sums = clusterSums(values, clusters);
  const [found] = flippedT(clusterTotals(sums), sums, Int8Array.from(Object.values(signs)));
  expectNear(found as number, t * Math.sqrt(4 / 3), 1e-12);
});

test("random flips come near to all of them, and never to 0", () => {
  const values = Array.from({ length: 13 }, (_, i) => Math.sin(7 * i) + 0.4);
  const clusters = values.map((_, i) => `c${i}`);
  const exact = definite(signFlip(values, clusters, new ClusterResampler(1, 9999)));
  const random = definite(signFlip(values, clusters, new ClusterResampler(1, 4000)));
  expect([exact.exact, random.exact]).toEqual([true, false]);
  const error = Math.sqrt((exact.p * (1 - exact.p)) / 4000);
  expect(Math.abs(random.p - exact.p)).toBeLessThan(4 * error + 1 / 4000);
  const same = definite(
    signFlip(
      new Array(30).fill(0.1),
      Array.from({ length: 30 }, (_, i) => `${i}`),
      resampler,
    ),
  );
  expect(same.p).toBe(1 / 1000);
});

test("equal values show what a sign test of so many clusters can show; zeros show nothing", () => {
  const run = (value: number, count: number) =>
    definite(
      signFlip(
        new Array(count).fill(value),
        Array.from({ length: count }, (_, i) => `c${i}`),
        resampler,
      ),
    );
  expect(run(0.1, 6)).toMatchObject({ p: 1 / 64, pBelow: 1 });
  expect(run(-3, 5)).toMatchObject({ p: 1, pBelow: 1 / 32 });
  expect(run(0, 8)).toMatchObject({ p: 1, pBelow: 1 });
  expect(run(1e308, 1)).toMatchObject({ p: 0.5, pBelow: 1 });
  expect(signFlip([], [], resampler)).toEqual({ defined: false, reason: "there are no values to flip" });
  expect(() => signFlip([Infinity], ["a"], resampler)).toThrow("value 0 of a mean is Infinity");
});

test("symmetric: the sign swaps the sides; neither scale nor order of items matters", () => {
  fc.assert(
    fc.property(wholeItems, fc.constantFrom(3, 2 ** -1000, 2 ** 900), (items, scale) => {
      const [values, clusters] = split(items);
      const before = definite(signFlip(values, clusters, resampler));
      const after = definite(
        signFlip(values.map((value) => -value * scale).reverse(), [...clusters].reverse(), resampler),
      );
      expectNear(after.p, before.pBelow, 1e-12);
      expectNear(after.pBelow, before.p, 1e-12);
    }),
  );
});

test("any finite numbers give p-values from 2^-clusters to 1, never NaN", () => {
  fc.assert(
    fc.property(extremeItems, (items) => {
      const result = signFlip(...split(items), resampler);
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
      if (!result.defined) return;
      for (const p of [result.p, result.pBelow]) {
        expect(p).toBeGreaterThanOrEqual(2 ** -result.clusters);
        expect(p).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});
