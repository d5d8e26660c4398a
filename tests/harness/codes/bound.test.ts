import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symmetricEigenvalues } from "../../../harness/codes/symmetricEigenvalues.ts";
import { reverseWaterFilling, whiteCosine } from "../../../harness/codes/waterFilling.ts";
import fixture from "../../oracles/fixtures/codes.json" with { type: "json" };

const near = (value: number, scale = value) => expect.closeTo(value, 9 - Math.ceil(Math.log10(Math.abs(scale) || 1)));

describe.each(fixture.matrices)("a covariance of width $width", ({ width, matrix, eigenvalues, waterFilling }) => {
  it("has the eigenvalues that LAPACK finds", () => {
    const found = symmetricEigenvalues({ width, values: Float64Array.from(matrix) });
    expect(found).toEqual(eigenvalues.map((value) => near(value, eigenvalues[0])));
  });

  it.each(waterFilling)("at $bits bits has the distortion that root finding gives", (expected) => {
    const variances = eigenvalues.filter((value) => value > 1e-9);
    const { distortion, cosine, active } = reverseWaterFilling(variances, expected.bits);
    expect(distortion).toBeCloseTo(expected.distortion, 9);
    expect(cosine).toBeCloseTo(expected.cosine, 9);
    expect(active).toBe(expected.active);
  });
});

describe("reverse water-filling", () => {
  it.each([
    [128, 768],
    [128, 384],
    [16, 3],
    [0, 5],
  ])("at %d bits and %d white dimensions is √(1 − 2^(−2R/d))", (bits, width) => {
    const white = reverseWaterFilling(new Array(width).fill(0.37), bits);
    expect(white.cosine).toBeCloseTo(Math.sqrt(1 - 2 ** ((-2 * bits) / width)), 12);
    expect(whiteCosine(bits, width)).toBeCloseTo(white.cosine, 12);
  });

  it("leaves out what lies under water, and takes no part in directions without variance", () => {
    const few = reverseWaterFilling([4, 1], 0.5);
    // One bit halves the amplitude: 4 becomes 2 at half a bit, and 1 stays covered.
    expect(few).toEqual({ distortion: 3, cosine: Math.sqrt(2 / 5), active: 1 });
    expect(reverseWaterFilling([4, 1, 0, 0], 5)).toEqual(reverseWaterFilling([4, 1], 5));
  });

  it("never gets worse with more bits, nor better for a flatter spectrum", () => {
    const spectrum = fc.array(fc.double({ min: 1e-3, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(spectrum, fc.double({ min: 0, max: 40, noNaN: true }), (variances, bits) => {
        const { cosine, distortion } = reverseWaterFilling(variances, bits);
        expect(reverseWaterFilling(variances, bits + 1).distortion).toBeLessThan(distortion);
        expect(cosine ** 2).toBeGreaterThanOrEqual(whiteCosine(bits, variances.length) ** 2 - 1e-12);
      }),
    );
  });

  it.each([
    [[1, Number.NaN], 1],
    [[1, -1], 1],
    [[0, 0], 1],
    [[], 1],
    [[1], -1],
    [[1], Number.NaN],
  ])("refuses %j at %d bits", (variances, bits) => {
    expect(() => reverseWaterFilling(variances, bits)).toThrow(RangeError);
  });
});

it("finds the few eigenvalues of a matrix of low rank", () => {
  const width = 90;
  const rows = [1, 2, 3].map((k) => Array.from({ length: width }, (_, i) => Math.sin(k * i + k * k)));
  const values = Float64Array.from({ length: width * width }, (_, at) =>
    rows.reduce((sum, row) => sum + (row[Math.floor(at / width)] as number) * (row[at % width] as number), 0),
  );
  const found = symmetricEigenvalues({ width, values });
  const trace = rows.flat().reduce((sum, value) => sum + value * value, 0);
  expect(found.slice(0, 3).reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 9);
  for (const value of found.slice(3)) expect(Math.abs(value)).toBeLessThan(1e-11);
});

it("finds the eigenvalues of a diagonal and of a coupled pair", () => {
  expect(symmetricEigenvalues({ width: 3, values: Float64Array.from([2, 0, 0, 0, 5, 0, 0, 0, -1]) })).toEqual([
    5, 2, -1,
  ]);
  expect(symmetricEigenvalues({ width: 2, values: Float64Array.from([0, 3, 3, 0]) })).toEqual(
    [3, -3].map((v) => near(v)),
  );
  const broken = { width: 2, values: Float64Array.from([0, Number.NaN, Number.NaN, 0]) };
  expect(() => symmetricEigenvalues(broken)).toThrow("did not converge");
});
