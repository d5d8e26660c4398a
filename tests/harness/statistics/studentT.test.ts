import fc from "fast-check";
import { expect, test } from "vitest";
import { studentCdf, studentQuantile, studentUpperTail } from "../../../harness/statistics/studentT.ts";
import oracle from "../../oracles/fixtures/statistics.json" with { type: "json" };
import inference from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import own from "./fixtures.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(oracle.student.cdf)("both tails at t = $t, df = $df are scipy's", ({ df, t, cdf, sf }) => {
  expectNear(studentCdf(t, df), cdf, 1e-10);
  expectNear(studentUpperTail(t, df), sf, 1e-10);
});

test.each(own.studentTail)("the tail at t = $t, df = $df has the digits of 40-digit arithmetic", ({ df, t, tail }) => {
  expectNear(studentUpperTail(t, df), tail, 1e-12);
  expectNear(studentCdf(-t, df), tail, 1e-12);
  expectNear(studentUpperTail(-t, df), 1 - tail, 1e-13);
});

test.each(oracle.student.quantile)("the quantile of $p at df = $df is scipy's", ({ df, p, quantile }) => {
  if (p === 0.5) expect(studentQuantile(p, df)).toBe(0);
  else expectNear(studentQuantile(p, df), quantile, 1e-10);
});

test.each(own.studentTail)("the quantile inverts the tail at t = $t, df = $df", ({ df, t, tail }) => {
  // A tail near ½ was rounded to a unit of 1e-16, which is all that t can be known to.
  const rounding = (1e-16 * Math.PI) / t;
  expectNear(studentQuantile(tail, df), -t, 1e-12 + rounding);
});

test.each(inference.studentLarge)("large df lose no digits: t = $t, df = $df", ({ df, t, tail }) => {
  expectNear(studentUpperTail(t, df), tail, 1e-12);
  expectNear(studentQuantile(tail, df), -t, 1e-12 + (1e-16 * Math.PI) / t);
});

test("quantiles just below the median keep their digits: with df = 1 they are tan(π(p − ½))", () => {
  expectNear(studentQuantile(0.5 - 2 ** -40, 1), -Math.tan(Math.PI * 2 ** -40), 1e-14);
  expectNear(studentQuantile(0.5 + 2 ** -20, 1), Math.tan(Math.PI * 2 ** -20), 1e-14);
});

test("ends and errors", () => {
  expect([0, 0.5, 1].map((p) => studentQuantile(p, 3.5))).toEqual([-Infinity, 0, Infinity]);
  expect([-Infinity, 0, Infinity].map((t) => studentCdf(t, 3.5))).toEqual([0, 0.5, 1]);
  expect(studentUpperTail(5e-324, 2)).toBe(0.5);
  expect(() => studentUpperTail(Number.NaN, 3)).toThrow("not a number");
  expect(() => studentUpperTail(1, 0)).toThrow("positive and finite, not 0");
  expect(() => studentQuantile(0.1, Infinity)).toThrow("positive and finite, not Infinity");
  expect(() => studentQuantile(1.1, 3)).toThrow("from 0 to 1, not 1.1");
  expect(() => studentQuantile(Number.NaN, 3)).toThrow("not NaN");
});

test("quantiles are found, in order, for any p and df", () => {
  const tail = fc.double({ min: 1e-300, max: 0.5, noNaN: true });
  const df = fc.double({ min: 0, max: 15, noNaN: true }).map((exponent) => 10 ** exponent);
  fc.assert(
    fc.property(tail, df, (p, freedom) => {
      const quantile = studentQuantile(p, freedom);
      expectNear(studentCdf(quantile, freedom), p, 1e-10);
      expect(studentQuantile(p / 2, freedom)).toBeLessThan(quantile);
    }),
    { numRuns: 200 },
  );
});
