import fc from "fast-check";
import { expect, test } from "vitest";
import { krippendorffAlpha } from "../../../harness/statistics/krippendorffAlpha.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { definite, expectNear } from "./near.ts";

const levels = ["nominal", "ordinal", "interval"] as const;
/** Rows of raters, one character a unit, turned into units. */
const units = (...raters: string[]): (number | null)[][] =>
  Array.from(raters[0] as string, (_, unit) =>
    raters.map((ratings) => (ratings[unit] === "." ? null : (ratings.charCodeAt(unit) as number))),
  );

test("published: two raters (Krippendorff 2011, A and B)", () => {
  const binary = definite(krippendorffAlpha(units("0100000010", "1110010000"), "nominal"));
  expect(binary.alpha.toFixed(3)).toBe("0.095");
  const letters = definite(krippendorffAlpha(units("aabbdcccedda", "babbbccceddd"), "nominal"));
  expect(letters.alpha.toFixed(3)).toBe("0.692");
});

test("published: four raters with missing values (Krippendorff 2011, C; R package irr)", () => {
  const data = units("123321412...", "1233224125..", ".33323422513", "12332441251.");
  const values = levels.map((level) => definite(krippendorffAlpha(data, level)).alpha.toFixed(3));
  expect(values).toEqual(["0.743", "0.815", "0.849"]);
});

test.each(oracle.alpha)("values of the package krippendorff", ({ ratings, alpha }) => {
  for (const level of levels) expectNear(definite(krippendorffAlpha(ratings, level)).alpha, alpha[level], 1e-12, 1e-3);
});

test("nothing to compare", () => {
  expect(krippendorffAlpha([], "nominal")).toEqual({ defined: false, reason: "no unit has two ratings" });
  expect(krippendorffAlpha([[1], [null, 2]], "interval").defined).toBe(false);
  expect(
    krippendorffAlpha(
      [
        [1, 1],
        [1, null],
        [1, 1, 1],
      ],
      "ordinal",
    ),
  ).toMatchObject({ defined: false });
  // A value that occurs only where it cannot be compared is no second value.
  expect(
    krippendorffAlpha(
      [
        [1, 1],
        [2, null],
      ],
      "nominal",
    ).defined,
  ).toBe(false);
  expect(() => krippendorffAlpha([[1, Number.NaN]], "nominal")).toThrow("a rating of unit 0 is NaN");
});

const table = fc.array(fc.array(fc.option(fc.integer({ min: -3, max: 3 })), { maxLength: 5 }), { maxLength: 12 });

test("the order of units and raters has no influence; stretched numbers change neither interval nor ordinal alpha", () => {
  fc.assert(
    fc.property(table, fc.constantFrom(1e307, 5e-324, -2), (ratings, scale) => {
      for (const level of levels) {
        const before = krippendorffAlpha(ratings, level);
        const after = krippendorffAlpha(
          ratings.map((row) => row.map((value) => value && value * scale).reverse()).reverse(),
          level,
        );
        expect(after.defined).toBe(before.defined);
        if (!before.defined || !after.defined) continue;
        expectNear(after.alpha, before.alpha, 1e-9, 1);
        expect(before.alpha <= 1).toBe(true);
      }
    }),
  );
});

test("agreement in every unit is 1", () => {
  for (const level of levels)
    expect(
      definite(
        krippendorffAlpha(
          [
            [1, 1],
            [4, 4, 4],
            [2, 2, null],
          ],
          level,
        ),
      ).alpha,
    ).toBe(1);
});
