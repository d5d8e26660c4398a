import fc from "fast-check";
import { expect, test } from "vitest";
import { cohenKappa } from "../../../harness/statistics/cohenKappa.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

test.each(oracle.kappa)(
  "kappa is scikit-learn's, its error that of the delta method",
  ({ first, second, kappa, se }) => {
    const result = definite(cohenKappa(first, second));
    expectNear(result.kappa, kappa, 1e-12);
    expectNear(result.se, se, 1e-6);
    expectNear(result.high - result.kappa, Math.min(1 - kappa, 1.959963984540054 * se), 1e-6);
  },
);

/** Ratings that make a table of counts. */
const fromTable = (table: readonly (readonly number[])[]): [number[], number[]] => {
  const pairs = table.flatMap((row, i) =>
    row.flatMap((count, j) => Array.from({ length: count }, () => [i, j] as const)),
  );
  return [pairs.map(([i]) => i), pairs.map(([, j]) => j)];
};

test("published: Fleiss, Cohen & Everitt (1969), 200 subjects", () => {
  const { kappa, se } = definite(
    cohenKappa(
      ...fromTable([
        [106, 10, 4],
        [22, 28, 10],
        [2, 12, 6],
      ]),
    ),
  );
  expect(kappa.toFixed(3)).toBe("0.429");
  expect((se * se).toFixed(6)).toBe("0.002885");
});

test("items that one of them did not rate drop out; perfect and no agreement", () => {
  expect(definite(cohenKappa(["a", null, "b", "a"], ["a", "b", "b", null]))).toMatchObject({ n: 2, kappa: 1, se: 0 });
  expect(definite(cohenKappa(["a", "a"], ["b", "b"]))).toMatchObject({ kappa: 0, expected: 0 });
  expect(cohenKappa(["a", "a"], ["a", "a"]).defined).toBe(false);
  expect(cohenKappa([], []).defined).toBe(false);
  expect(cohenKappa([null], ["a"]).defined).toBe(false);
  expect(() => cohenKappa(["a"], [])).toThrow("1 ratings but 0 others");
  expect(() => cohenKappa([Number.NaN], [1])).toThrow("rating 0 is NaN");
});

test("exchanged raters and another order give the same; the interval lies within −1 and 1", () => {
  const ratings = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), { maxLength: 30 });
  fc.assert(
    fc.property(ratings, (pairs) => {
      const [first, second] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
      const before = cohenKappa(first, second);
      const after = cohenKappa([...second].reverse(), [...first].reverse());
      expect(after.defined).toBe(before.defined);
      if (!before.defined || !after.defined) return;
      expectNear(after.kappa, before.kappa, 1e-9, 1);
      expectNear(after.se, before.se, 1e-6, 1);
      expect(-1 <= before.low && before.low <= before.kappa && before.kappa <= before.high && before.high <= 1).toBe(
        true,
      );
    }),
  );
});
