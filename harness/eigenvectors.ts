/**
 * Leading eigenvectors of a large symmetric matrix by subspace iteration with a Rayleigh–Ritz step (Golub & Van Loan
 * 2013, Matrix Computations, 8.2.4 and 8.3), and all of a small one by cyclic Jacobi rotations (8.5).
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Covariance } from "./ledoitWolf.ts";

/** More directions than asked for: they make the last ones converge. */
const OVERSAMPLING = 8;
const ITERATIONS = 400;
/** Between Rayleigh–Ritz steps. */
const STRIDE = 5;
/** Relative change of the eigenvalues asked for, and rounding beside the largest; that of the vectors is about its root. */
const TOLERANCE = 1e-11;
const ROUNDING = 1e-15;

/** Eigenvalues, largest first, and unit eigenvectors of a symmetric matrix [size][size]. */
export function symmetricEigen(matrix: readonly Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = a.map((_, i) => Float64Array.from(a, (_, j) => (i === j ? 1 : 0)));
  const at = (i: number, j: number) => (a[i] as Float64Array)[j] as number;
  for (let sweep = 0; sweep < 60; sweep++) {
    let [off, all] = [0, 0];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        all += at(i, j) ** 2;
        if (i !== j) off += at(i, j) ** 2;
      }
    }
    if (off <= 1e-30 * all) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        const rotate = (one: Float64Array, i: number, other: Float64Array, j: number) => {
          const [x, y] = [one[i] as number, other[j] as number];
          one[i] = c * x - s * y;
          other[j] = s * x + c * y;
        };
        for (let k = 0; k < size; k++) rotate(a[k] as Float64Array, p, a[k] as Float64Array, q);
        for (let k = 0; k < size; k++) {
          rotate(a[p] as Float64Array, k, a[q] as Float64Array, k);
          rotate(vectors[p] as Float64Array, k, vectors[q] as Float64Array, k);
        }
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => at(j, j) - at(i, i));
  return { values: order.map((i) => at(i, i)), vectors: order.map((i) => vectors[i] as Float64Array) };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Makes vectors orthonormal in place, twice over for accuracy; one that depends on those before becomes 0. */
function orthonormalise(vectors: readonly Float64Array[]): void {
  vectors.forEach((vector, i) => {
    const before = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, i)) {
        const along = dot(vector, earlier);
        for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] as number) - along * (earlier[k] as number);
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    const keep = length > 1e-12 * before;
    for (let k = 0; k < vector.length; k++) vector[k] = keep ? (vector[k] as number) / length : 0;
  });
}

function times({ values, width }: Covariance, vectors: readonly Float64Array[]): Float64Array[] {
  const count = vectors.length;
  // Vectors side by side, so that the matrix is read once.
  const side = new Float64Array(width * count);
  for (const [c, vector] of vectors.entries()) {
    for (let j = 0; j < width; j++) side[j * count + c] = vector[j] as number;
  }
  const product = vectors.map(() => new Float64Array(width));
  const row = new Float64Array(count);
  for (let i = 0; i < width; i++) {
    row.fill(0);
    for (let j = 0; j < width; j++) {
      const a = values[i * width + j] as number;
      for (let c = 0; c < count; c++) row[c] = (row[c] as number) + a * (side[j * count + c] as number);
    }
    for (const [c, vector] of product.entries()) vector[i] = row[c] as number;
  }
  return product;
}

/** Sums of vectors, weighted by each of the rows. */
function combined(rows: readonly Float64Array[], vectors: readonly Float64Array[]): Float64Array[] {
  return rows.map((weights) => {
    const out = new Float64Array(vectors[0]?.length ?? 0);
    vectors.forEach((vector, c) => {
      for (let k = 0; k < out.length; k++) out[k] = (out[k] as number) + (weights[c] as number) * (vector[k] as number);
    });
    return out;
  });
}

/**
 * Unit eigenvectors of the `count` largest eigenvalues, largest first; fewer where the matrix has a lower rank. Their
 * signs have no meaning.
 */
export function leadingEigenvectors(matrix: Covariance, count: number): Float64Array[] {
  const size = Math.min(matrix.width, count + OVERSAMPLING);
  const random = xoroshiro128plus(1);
  let basis: Float64Array[] = Array.from({ length: size }, () =>
    Float64Array.from({ length: matrix.width }, () => uniformFloat64(random) - 0.5),
  );
  orthonormalise(basis);
  let known: number[] = [];
  for (let iteration = 1; ; iteration++) {
    const product = times(matrix, basis);
    const last = iteration >= ITERATIONS;
    if (iteration % STRIDE !== 0 && !last && size < matrix.width) {
      basis = product;
      orthonormalise(basis);
      continue;
    }
    const ritz = symmetricEigen(basis.map((one) => Float64Array.from(product, (other) => dot(one, other))));
    const values = ritz.values.slice(0, count);
    const top = values[0] ?? 0;
    const still = values.every((value, i) => Math.abs(value - (known[i] ?? 0)) <= TOLERANCE * value + ROUNDING * top);
    if (still || last || size === matrix.width) {
      const rank = top > 0 ? values.filter((value) => value > 1e-12 * top).length : 0;
      return combined(ritz.vectors.slice(0, rank), basis);
    }
    known = values;
    basis = combined(ritz.vectors, product);
    orthonormalise(basis);
  }
}
