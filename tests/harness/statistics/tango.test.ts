import fc from "fast-check";
import { expect, test } from "vitest";
import { tango, tangoTest } from "../../../harness/statistics/tango.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.tango)(
  "interval and tests by numeric likelihood: $b, $c of $n",
  ({ b, c, n, level, low, high, tests }) => {
    const result = definite(tango(b, c, n, level));
    expect(result.difference).toBe((b - c) / n);
    expectNear(result.low, low, 1e-6, 0.1);
    expectNear(result.high, high, 1e-6, 0.1);
    for (const { margin, p } of tests) expectNear(definite(tangoTest(b, c, n, margin)).p, p, 1e-5, 1e-3);
  },
);

test("a published interval: 6 and 16 of 161 pairs", () => {
  // Cavo et al. 2012 in Fagerland, Lydersen & Laake, Statistical Analysis of Contingency Tables, chapter 8.
  const { low, high } = definite(tango(6, 16, 161));
  expect([low.toFixed(4), high.toFixed(4)]).toEqual(["-0.1240", "-0.0054"]);
});

test("at a margin of 0 the score is McNemar's", () => {
  // z = (12 − 5)/√17 = 1.6977
  expectNear(definite(tangoTest(12, 5, 60, 0)).p, 0.04478, 1e-3);
});

const counts = fc
  .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 100 }))
  .filter(([b, c, rest]) => b + c + rest > 0)
  .map(([b, c, rest]) => [b, c, b + c + rest] as const);

test("the test holds at a margin exactly where the interval lies above it; exchanged roles mirror the interval", () => {
  fc.assert(
    fc.property(counts, fc.constantFrom(-0.5, -0.1, 0, 0.2), ([b, c, n], margin) => {
      const { difference, low, high } = definite(tango(b, c, n));
      expect(-1 <= low && low <= difference && difference <= high && high <= 1).toBe(true);
      const { p } = definite(tangoTest(b, c, n, margin));
      expect(p >= 0 && p <= 1).toBe(true);
      if (Math.abs(low - margin) > 1e-9) expect(p < 0.025).toBe(low > margin);
      const mirrored = definite(tango(c, b, n));
      expectNear(mirrored.low, -high, 1e-9, 1);
      expectNear(mirrored.high, -low, 1e-9, 1);
    }),
  );
});

test("ends and errors", () => {
  expect(tango(0, 0, 0).defined).toBe(false);
  expect(tangoTest(0, 0, 0, 0).defined).toBe(false);
  expect(definite(tangoTest(0, 0, 40, 0)).p).toBe(0.5);
  expect(definite(tango(5, 0, 5)).high).toBe(1);
  expect(definite(tango(0, 5, 5)).low).toBe(-1);
  // Without any pair that differs, 40 pairs cannot exclude a difference of 0.08 and can one of 0.1.
  const { low, high } = definite(tango(0, 0, 40));
  expectNear(high, 3.8415 / (40 + 3.8415), 1e-4);
  expectNear(low, -high, 1e-9);
  expect(() => tango(3, 3, 5)).toThrow("not 3 and 3 of 5");
  expect(() => tango(-1, 3, 5)).toThrow("not -1");
  expect(() => tangoTest(1, 2, 5, 1)).toThrow("not at 1");
});
