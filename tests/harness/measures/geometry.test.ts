/** Covariances and their eigenvectors against scikit-learn and numpy (tests/oracles/measures.py). */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { corpusGeometry, MOST_AXES, packGeometry, unpackGeometry } from "../../../harness/CorpusGeometry.ts";
import { choleskyFactor, forwardSolve } from "../../../harness/cholesky.ts";
import { leadingEigenvectors, symmetricEigen } from "../../../harness/eigenvectors.ts";
import { ledoitWolf, sampleCovariance } from "../../../harness/ledoitWolf.ts";
import { expectNear } from "../statistics/near.ts";

interface Case {
  states: number[][];
  shrinkage: number;
  covariance: number[][];
  axes: number[][];
}

const { covariances } = JSON.parse(
  readFileSync(new URL("../../oracles/fixtures/measures.json", import.meta.url), "utf8"),
) as { covariances: Case[] };
const floats = (rows: readonly (readonly number[])[]) => rows.map((row) => Float32Array.from(row));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);

test.each(covariances.map((one, i) => ({ ...one, i })))("case $i: scikit-learn's Ledoit–Wolf", (expected) => {
  const { covariance, centred } = sampleCovariance(floats(expected.states));
  const shrunk = ledoitWolf(covariance, centred);
  expectNear(shrunk?.shrinkage ?? Number.NaN, expected.shrinkage, 1e-10, 1);
  const { width } = covariance;
  expected.covariance.flat().forEach((value, i) => {
    expectNear(shrunk?.covariance.values[i] ?? Number.NaN, value, 1e-10, 1);
  });
  const factor = choleskyFactor(shrunk?.covariance ?? covariance) as Float64Array;
  const unit = Float64Array.from({ length: width }, (_, i) => i + 1);
  const solved = forwardSolve(factor, unit);
  // L (L⁻¹ v) = v.
  unit.forEach((value, i) => {
    const row = factor.subarray((i * (i + 1)) / 2, ((i + 1) * (i + 2)) / 2);
    expectNear(dot(row, solved), value, 1e-10);
  });
});

test.each(covariances.map((one, i) => ({ ...one, i })))("case $i: numpy's eigenvectors, up to sign", (expected) => {
  const { covariance } = sampleCovariance(floats(expected.states));
  const found = leadingEigenvectors(covariance, covariance.width);
  expect(found).toHaveLength(expected.axes.length);
  for (const [i, axis] of found.entries()) expectNear(Math.abs(dot(axis, expected.axes[i] ?? [])), 1, 1e-9);
});

test("a few eigenvectors of a larger matrix are those of the whole of it", () => {
  const width = 60;
  const wave = (i: number, k: number) => Math.sin((i + 1) * (k + 2) * 0.7) * 0.8 ** k;
  const states = Array.from({ length: 90 }, (_, i) => Float32Array.from({ length: width }, (_, k) => wave(i, k)));
  const { covariance } = sampleCovariance(states);
  const rows = Array.from({ length: width }, (_, i) => covariance.values.slice(i * width, (i + 1) * width));
  const whole = symmetricEigen(rows);
  const some = leadingEigenvectors(covariance, 6);
  expect(some).toHaveLength(6);
  some.forEach((axis, i) => {
    expectNear(Math.abs(dot(axis, whole.vectors[i] ?? [])), 1, 1e-6);
    const image = rows.map((row) => dot(row, axis));
    for (const [k, value] of axis.entries()) {
      expectNear(image[k] as number, (whole.values[i] as number) * value, 1e-5, whole.values[0]);
    }
  });
});

test("small symmetric matrices: trace, orthonormal vectors, A v = λ v", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }).chain((size) =>
        fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: size, maxLength: size }), {
          minLength: size,
          maxLength: size,
        }),
      ),
      (half) => {
        const matrix = half.map((row, i) => Float64Array.from(row, (value, j) => value + (half[j]?.[i] as number)));
        const { values, vectors } = symmetricEigen(matrix);
        expect(values).toEqual([...values].sort((a, b) => b - a));
        for (const [i, vector] of vectors.entries()) {
          for (const [j, other] of vectors.entries()) expectNear(dot(vector, other), i === j ? 1 : 0, 1e-9, 1);
          for (const [k, row] of matrix.entries()) {
            expectNear(dot(row, vector), (values[i] as number) * (vector[k] as number), 1e-9, 99);
          }
        }
      },
    ),
  );
});

test("states that do not vary have no geometry; one sentence has none either", () => {
  for (const states of [
    floats([[1, 2]]),
    floats([
      [0.1, 0.3],
      [0.1, 0.3],
      [0.1, 0.3],
    ]),
    floats([[0], [0]]),
  ]) {
    expect(corpusGeometry(states)).toEqual({ factor: null, shrinkage: 1, axes: [] });
  }
});

test("extremes give a geometry or none, never NaN", () => {
  for (const unit of [1e-45, 1e-30, 1e30, 3e38]) {
    const states = floats(
      [
        [1, 0, 0.5],
        [0, 1, -1],
        [-1, -0.5, 1],
        [0.25, 0.75, 0],
      ].map((row) => row.map((v) => v * unit)),
    );
    const { factor, axes, shrinkage } = corpusGeometry(states);
    expect(Number.isFinite(shrinkage)).toBe(true);
    for (const value of [...(factor ?? []), ...axes.flatMap((axis) => [...axis])])
      expect(Number.isNaN(value)).toBe(false);
  }
  const infinite = corpusGeometry(
    floats([
      [Number.POSITIVE_INFINITY, 1],
      [2, 3],
    ]),
  );
  expect(infinite).toEqual({ factor: null, shrinkage: 1, axes: [] });
});

test("what is kept comes back, and there are no more axes than a spectrum takes", () => {
  const states = Array.from({ length: 50 }, (_, i) =>
    Float32Array.from({ length: 24 }, (_, k) => Math.cos(i * (k + 1)) + i / 50),
  );
  const made = corpusGeometry(states);
  expect(made.axes).toHaveLength(MOST_AXES);
  expect(unpackGeometry(JSON.parse(JSON.stringify(packGeometry(made))))).toEqual(made);
});
