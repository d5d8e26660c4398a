import fc from "fast-check";
import { expect, test } from "vitest";
import { mcnemar } from "../../../harness/statistics/mcnemar.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(oracle.mcnemar)("exact and mid-p are scipy's binomial: $b against $c", ({ b, c, ...expected }) => {
  const result = mcnemar(b, c);
  for (const key of ["exact", "midP", "exactGreater", "midPGreater"] as const) {
    expectNear(result[key], expected[key], 1e-10);
  }
});

test("published: 1 against 7 pairs", () => {
  // Bentur et al. 2009 in Fagerland, Lydersen & Laake 2013.
  const { exact, midP } = mcnemar(1, 7);
  expect([exact.toFixed(4), midP.toFixed(4)]).toEqual(["0.0703", "0.0391"]);
});

test("p-values are probabilities, mid-p the smaller, and the sides mirror", () => {
  const count = fc.integer({ min: 0, max: 3000 });
  fc.assert(
    fc.property(count, count, (b, c) => {
      const [one, other] = [mcnemar(b, c), mcnemar(c, b)];
      expect(Object.values(one).every((p) => p >= 0 && p <= 1)).toBe(true);
      expect(one.midP).toBeLessThanOrEqual(one.exact + 1e-12);
      expectNear(one.exact, other.exact, 1e-12);
      expectNear(one.midPGreater + other.midPGreater, 1, 1e-10);
    }),
  );
});

test("counts that are none", () => {
  expect(mcnemar(0, 0)).toMatchObject({ exact: 1, midP: 1, exactGreater: 1 });
  expectNear(mcnemar(0, 0).midPGreater, 0.5, 1e-14);
  expect(() => mcnemar(-1, 2)).toThrow("not -1 and 2");
  expect(() => mcnemar(1, Number.NaN)).toThrow("NaN");
  expect(Number.isFinite(mcnemar(1e9, 1e9 + 1).exact)).toBe(true);
});
