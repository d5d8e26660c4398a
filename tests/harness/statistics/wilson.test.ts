import fc from "fast-check";
import { expect, test } from "vitest";
import { normalQuantile } from "../../../harness/statistics/normalQuantile.ts";
import { wilson } from "../../../harness/statistics/wilson.ts";
import { definite, expectNear } from "./near.ts";

// Newcombe (1998), Statist Med 17:857–872, table I, method 3.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("published intervals: %d of %d", (successes, n, low, high) => {
  const result = definite(wilson(successes, n));
  expectNear(result.low, low, 5e-5, 1);
  expectNear(result.high, high, 5e-5, 1);
});

test("the ends are where the score test is just significant, and lie from 0 to 1 in order", () => {
  const counts = fc
    .integer({ min: 1, max: 400 })
    .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
  fc.assert(
    fc.property(counts, fc.constantFrom(0.8, 0.95, 0.99), ([successes, n], level) => {
      const { proportion, low, high } = definite(wilson(successes, n, level));
      expect(low >= 0 && low <= proportion && proportion <= high && high <= 1).toBe(true);
      const z = -normalQuantile((1 - level) / 2);
      for (const p of [low, high]) {
        if (p > 1e-9 && p < 1 - 1e-9) expectNear(Math.abs(proportion - p) / Math.sqrt((p * (1 - p)) / n), z, 1e-6);
      }
    }),
  );
});

test("ends and errors", () => {
  expect(wilson(0, 0)).toEqual({ defined: false, reason: "there are no items" });
  expect(definite(wilson(0, 1)).low).toBe(0);
  expect(definite(wilson(1, 1)).high).toBe(1);
  expect(() => wilson(3, 2)).toThrow("not 3 of 2");
  expect(() => wilson(0.5, 2)).toThrow("not 0.5 of 2");
  expect(() => wilson(1, Number.NaN)).toThrow("NaN");
});
