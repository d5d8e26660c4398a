import fc from "fast-check";
import { expect, test } from "vitest";
import { holm } from "../../../harness/statistics/holm.ts";
import oracle from "../../oracles/fixtures/statistics.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(oracle.holm)("adjusted p of $p", ({ p, adjusted }) => {
  const result = holm(p);
  expect(result).toHaveLength(adjusted.length);
  for (const [i, value] of adjusted.entries()) expectNear(result[i] as number, value, 1e-14);
});

test("no tests, and values that are no probabilities", () => {
  expect(holm([])).toEqual([]);
  expect(() => holm([0.1, Number.NaN])).toThrow("p-value 1 is NaN");
  expect(() => holm([-1e-9])).toThrow("p-value 0 is");
  expect(() => holm([1.5])).toThrow("1.5");
});

const probabilities = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.01, 1)), {
  maxLength: 15,
});

test("adjusted p-values are probabilities, at least p, at most Bonferroni's, and in the order of p", () => {
  fc.assert(
    fc.property(probabilities, (p) => {
      const adjusted = holm(p);
      for (const [i, value] of p.entries()) {
        const mine = adjusted[i] as number;
        expect(mine).toBeGreaterThanOrEqual(value);
        expect(mine).toBeLessThanOrEqual(Math.min(1, p.length * value));
        for (const [j, other] of p.entries())
          if (value <= other) expect(mine).toBeLessThanOrEqual(adjusted[j] as number);
      }
    }),
  );
});

test("the order given has no influence", () => {
  fc.assert(
    fc.property(probabilities, (p) => {
      expect(holm([...p].reverse())).toEqual(holm(p).reverse());
    }),
  );
});
