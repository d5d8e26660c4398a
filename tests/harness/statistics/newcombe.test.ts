import fc from "fast-check";
import { expect, test } from "vitest";
import { newcombe } from "../../../harness/statistics/newcombe.ts";
import oracle from "../../oracles/fixtures/statistics.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.newcombe)("the interval of $table at $level", ({ table, level, difference, low, high }) => {
  const [a, b, c, d] = table as [number, number, number, number];
  const result = definite(newcombe(a, b, c, d, level));
  expectNear(result.difference, difference, 1e-14);
  expectNear(result.low, low, 1e-12, 1e-3);
  expectNear(result.high, high, 1e-12, 1e-3);
});

test("the interval that the R package contingencytables publishes for Cavo et al. (2012)", () => {
  const result = definite(newcombe(59, 6, 16, 80));
  expect([result.difference, result.low, result.high].map((value) => value.toFixed(4))).toEqual([
    "-0.0621",
    "-0.1186",
    "-0.0046",
  ]);
});

test("no pairs, and counts that are none", () => {
  expect(newcombe(0, 0, 0, 0)).toEqual({ defined: false, reason: "there are no pairs" });
  expect(() => newcombe(1, -1, 0, 0)).toThrow("whole numbers from 0, not 1, -1, 0, 0");
  expect(() => newcombe(1, 0.5, 0, 0)).toThrow("0.5");
  expect(() => newcombe(1, Number.NaN, 0, 0)).toThrow("NaN");
  expect(() => newcombe(1, 0, 0, 0, 0)).toThrow("strictly between 0 and 1, not 0");
});

test("the interval lies within −1 to 1 around the difference, and turns with the table", () => {
  const count = fc.oneof(fc.nat(60), fc.nat(1_000_000_000), fc.constantFrom(0, 1, 1e15));
  fc.assert(
    fc.property(count, count, count, count, (a, b, c, d) => {
      const result = newcombe(a, b, c, d);
      if (!result.defined) return;
      const { difference, low, high } = result;
      expect(low <= difference && difference <= high).toBe(true);
      expect(low).toBeGreaterThanOrEqual(-1 - 1e-12);
      expect(high).toBeLessThanOrEqual(1 + 1e-12);
      const turned = definite(newcombe(a, c, b, d));
      expectNear(turned.low, -high, 1e-9, 1e-3);
      const complement = definite(newcombe(d, b, c, a));
      expectNear(complement.low, -definite(newcombe(d, c, b, a)).high, 1e-9, 1e-3);
      expectNear(complement.low, low, 1e-9, 1e-3);
    }),
  );
});
