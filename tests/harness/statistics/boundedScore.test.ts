import fc from "fast-check";
import { expect, test } from "vitest";
import { boundedScore } from "../../../harness/statistics/boundedScore.ts";
import { tangoTest } from "../../../harness/statistics/tango.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

const unit = { low: -1, high: 1 };
const repeat = (count: number, value: number): number[] => new Array<number>(count).fill(value);

test.each(oracle.boundedScore)(
  "z with the likelihood maximised numerically: $values at $margin",
  ({ values, margin, z }) => {
    expectNear(definite(boundedScore(values, unit, margin)).z, z, 1e-5, 0.1);
  },
);

test("for differences −1, 0 and 1 it is Tango's test", () => {
  const counts = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(40)).filter(([b, c, rest]) => b + c + rest > 0);
  fc.assert(
    fc.property(counts, fc.constantFrom(-0.6, -0.1, 0.05, 0.3), ([b, c, rest], margin) => {
      const { p } = definite(boundedScore([...repeat(b, 1), ...repeat(c, -1), ...repeat(rest, 0)], unit, margin));
      expectNear(p, definite(tangoTest(b, c, b + c + rest, margin)).p, 1e-8, 1e-3);
    }),
  );
});

test("for 0 and 1 it is the score test of a proportion: 81 of 263 at Wilson's upper end 0.3662", () => {
  const result = definite(boundedScore([...repeat(81, 1), ...repeat(182, 0)], { low: 0, high: 1 }, 0.366216));
  expectNear(result.z, -1.96, 1e-4);
  expectNear(result.pBelow, 0.025, 1e-3);
});

test("without any that differ, 40 pairs exclude a fall by 0.1 and 30 do not", () => {
  expect(definite(boundedScore(repeat(40, 0), unit, -0.1)).p).toBeLessThan(0.025);
  expect(definite(boundedScore(repeat(30, 0), unit, -0.1)).p).toBeGreaterThan(0.025);
  expect(boundedScore([], unit, 0)).toEqual({ defined: false, reason: "there are no values" });
  expect(definite(boundedScore([0.2, 0.2], unit, 0.2))).toMatchObject({ z: 0, p: 0.5, pBelow: 0.5 });
});

test("another value on the better side never weakens the claim", () => {
  const values = fc.array(fc.constantFrom(-1, -0.5, 0, 0.5, 1), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, (list) => {
      const { p } = definite(boundedScore(list, unit, -0.1));
      const better = list.map((value, i) => (i === 0 ? Math.min(1, value + 0.5) : value));
      expect(definite(boundedScore(better, unit, -0.1)).p).toBeLessThanOrEqual(p + 1e-9);
    }),
  );
});

test("scale and sign: the mirrored problem swaps the sides", () => {
  const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, fc.constantFrom(2 ** -1000, 1, 2 ** 1000), (list, scale) => {
      const before = definite(boundedScore(list, unit, 0.25));
      const mirrored = list.map((value) => -value * scale);
      const after = definite(boundedScore(mirrored, { low: -scale, high: scale }, -0.25 * scale));
      expectNear(after.pBelow, before.p, 1e-8, 1e-6);
      expect(before.p + before.pBelow).toBeCloseTo(1, 12);
    }),
  );
});

test("impossible arguments", () => {
  expect(() => boundedScore([0, 2], unit, 0)).toThrow("value 1 is 2, not from -1 to 1");
  expect(() => boundedScore([Number.NaN], unit, 0)).toThrow("value 0 is NaN");
  expect(() => boundedScore([0], unit, 1)).toThrow("not 1 between -1 and 1");
  expect(() => boundedScore([0], { low: -1.7e308, high: 1.7e308 }, 0)).toThrow("finite bounds");
});
