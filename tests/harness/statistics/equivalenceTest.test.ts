import fc from "fast-check";
import { expect, test } from "vitest";
import { equivalenceTest, nonInferiority } from "../../../harness/statistics/equivalenceTest.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split, wholeItems } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

test.each(oracle.margins)("both sides are scipy's t tests, or CR2 tests by general matrices", (example) => {
  const { values, clusters, low, high, pLow, pHigh } = example;
  const result = definite(equivalenceTest(values, clusters, { low, high }));
  expectNear(result.pLow, pLow, 1e-9);
  expectNear(result.pHigh as number, pHigh, 1e-9);
  expect(result.p).toBe(Math.max(result.pLow, result.pHigh as number));
  expect(definite(nonInferiority(values, clusters, low))).toMatchObject({ p: result.pLow, pHigh: null });
});

test("equivalence holds exactly where the interval of level 1 − 2α lies between the margins", () => {
  fc.assert(
    fc.property(
      wholeItems,
      fc.constantFrom(0.025, 0.1, 0.3),
      fc.integer({ min: 1, max: 60 }),
      (items, alpha, margin) => {
        const result = equivalenceTest(...split(items), { low: -margin, high: 2 * margin }, alpha);
        if (!result.defined || result.degenerate) return;
        expect(result.p < alpha).toBe(result.low > -margin && result.high < 2 * margin);
      },
    ),
  );
});

test("without variance p is 2^−clusters between the margins, ½ on one, 1 outside", () => {
  const at = (value: number) => definite(equivalenceTest([value, value, value], ["a", "b", "c"], { low: -1, high: 1 }));
  expect(at(0.1)).toMatchObject({ degenerate: true, p: 1 / 8 });
  expect(at(1).p).toBe(0.5);
  expect(at(-2).p).toBe(1);
  expect(definite(nonInferiority([7, 7], ["a", "b"], 0)).p).toBe(0.25);
  expect(equivalenceTest([1], ["a"], { low: -1, high: 1 }).defined).toBe(false);
  expect(nonInferiority([], [], 0).defined).toBe(false);
});

test("impossible margins", () => {
  expect(() => equivalenceTest([1, 2], ["a", "b"], { low: 1, high: 1 })).toThrow("in order, not 1 and 1");
  expect(() => equivalenceTest([1, 2], ["a", "b"], { low: -Infinity, high: 1 })).toThrow("finite");
  expect(() => nonInferiority([1, 2], ["a", "b"], Number.NaN)).toThrow("finite, not NaN");
});

test("any finite numbers give probabilities, never NaN", () => {
  fc.assert(
    fc.property(extremeItems, (items) => {
      const result = equivalenceTest(...split(items), { low: -1e308, high: 1.7e308 });
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
      if (result.defined) expect(result.p >= 0 && result.p <= 1).toBe(true);
    }),
    { numRuns: 300 },
  );
});
