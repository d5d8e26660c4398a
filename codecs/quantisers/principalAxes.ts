import { matrix } from "./matrix.ts";
import { timesTransposed, transposed } from "./products.ts";
import type { Matrix } from "./Quantiser.ts";
import { SeededRandom } from "./SeededRandom.ts";

/** The axes order a search and are no result: a few steps separate what differs much in variance. */
const STEPS = 8;

/**
 * Orthonormal axes along which centred vectors vary most, about in this order, as columns [width, count]: subspace
 * iteration on the covariance (Golub & Van Loan 2013, Matrix Computations, 8.2.4) in double precision.
 */
export async function principalAxes(vectors: Matrix, count: number, seed: number): Promise<Matrix> {
  const { width } = vectors;
  const across = transposed(vectors);
  const covariance = (await timesTransposed(across, across)).data;
  const random = new SeededRandom(seed, "axes");
  let axes: Float64Array[] = Array.from({ length: count }, () =>
    Float64Array.from({ length: width }, () => random.gaussian()),
  );
  orthonormalise(axes);
  for (let step = 0; step < STEPS; step++) {
    axes = axes.map((axis) => product(covariance, axis));
    orthonormalise(axes);
  }
  const out = matrix(width, count);
  for (const [k, axis] of axes.entries()) for (let c = 0; c < width; c++) out.data[c * count + k] = axis[c] as number;
  return out;
}

function product(covariance: Float32Array, axis: Float64Array): Float64Array {
  const width = axis.length;
  return Float64Array.from(axis, (_, i) => {
    let sum = 0;
    for (let j = 0, at = i * width; j < width; j++) sum += (covariance[at++] as number) * (axis[j] as number);
    return sum;
  });
}

/** Modified Gram–Schmidt, in place; where vectors lie in fewer dimensions, what is left of rounding is a direction too. */
function orthonormalise(axes: readonly Float64Array[]): void {
  for (const [i, axis] of axes.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (let e = 0; e < i; e++) {
        const earlier = axes[e] as Float64Array;
        let along = 0;
        for (let k = 0; k < axis.length; k++) along += (axis[k] as number) * (earlier[k] as number);
        for (let k = 0; k < axis.length; k++) axis[k] = (axis[k] as number) - along * (earlier[k] as number);
      }
    }
    let square = 0;
    for (const value of axis) square += value * value;
    const length = Math.sqrt(square);
    for (let k = 0; k < axis.length; k++) axis[k] = length === 0 ? 0 : (axis[k] as number) / length;
  }
}
