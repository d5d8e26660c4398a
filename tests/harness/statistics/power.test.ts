import fc from "fast-check";
import { expect, test } from "vitest";
import { clustersNeeded, pairedShareSd, powerOf, smallestDetectable } from "../../../harness/statistics/power.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.power)(
  "the smallest effect that $clusters clusters detect is scipy's",
  ({ clusters, effect, ...settings }) => {
    expectNear(definite(smallestDetectable(clusters, settings)).effect, effect, 1e-6);
    expectNear(powerOf(effect, clusters, settings), settings.power, 1e-6);
    expect(definite(clustersNeeded(effect * 1.000001, settings)).clusters).toBe(clusters);
  },
);

test("known sizes of one-sample t tests (G*Power: d = 0.5, power 0.8)", () => {
  expect(definite(clustersNeeded(0.5, { sd: 1, alpha: 0.05 })).clusters).toBe(27);
  expect(definite(clustersNeeded(0.5, { sd: 1, alpha: 0.025 })).clusters).toBe(34);
  expect(definite(clustersNeeded(0.2, { sd: 1, alpha: 0.025 })).clusters).toBe(199);
});

test("a share that may fall by 0.1, if as many as 14 % of pairs differ and none is lost on balance", () => {
  // Normal approximation: (1.96 + 0.84)² · 0.14 / 0.1² = 110
  const { clusters } = definite(clustersNeeded(0.1, { sd: pairedShareSd(0.14, 0) }));
  expect(clusters).toBeGreaterThanOrEqual(110);
  expect(clusters).toBeLessThanOrEqual(114);
  expectNear(pairedShareSd(0.2, -0.1), Math.sqrt(0.19), 1e-12);
});

test("no number would do, or more than a million", () => {
  expect(clustersNeeded(0, { sd: 1 })).toMatchObject({ defined: false });
  expect(clustersNeeded(-0.3, { sd: 1 })).toMatchObject({
    reason: "the effect points the other way: no number of clusters would do",
  });
  expect(clustersNeeded(5e-324, { sd: 1 })).toMatchObject({ reason: "1000000 clusters would be too few" });
  expect(definite(clustersNeeded(1e308, { sd: 5e-324 })).clusters).toBe(2);
  expect(smallestDetectable(2, { sd: 1.7e308 }).defined).toBe(false);
  expect(smallestDetectable(2, { sd: 1, alpha: 1e-9 }).defined).toBe(false);
});

test("impossible settings", () => {
  expect(() => powerOf(1, 1, { sd: 1 })).toThrow("from 2 to 1000000, not 1");
  expect(() => powerOf(Number.NaN, 5, { sd: 1 })).toThrow("finite, not NaN");
  expect(() => smallestDetectable(10, { sd: 0 })).toThrow("above 0 and finite, not 0");
  expect(() => smallestDetectable(10, { sd: 1, alpha: 0.9 })).toThrow("alpha 0.9 and power 0.8");
  expect(() => clustersNeeded(Infinity, { sd: 1 })).toThrow("finite, not Infinity");
  expect(() => pairedShareSd(0.1, 0.2)).toThrow("differ by 0.2 where 0.1");
  expect(() => pairedShareSd(1, 1)).toThrow();
});

test("power rises with effect and clusters, and scale does not matter", () => {
  const effect = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(effect, fc.integer({ min: 2, max: 300 }), (one, clusters) => {
      const power = powerOf(one, clusters, { sd: 1 });
      expect(power >= 0 && power <= 1).toBe(true);
      expect(powerOf(one + 0.1, clusters, { sd: 1 })).toBeGreaterThanOrEqual(power - 1e-12);
      if (one > 0) expect(powerOf(one, clusters + 1, { sd: 1 })).toBeGreaterThanOrEqual(power - 1e-12);
      expectNear(powerOf(one * 1024, clusters, { sd: 1024 }), power, 1e-12, 1e-3);
    }),
    { numRuns: 50 },
  );
});
