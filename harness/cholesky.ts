/** Lower triangular L with L Lᵀ = a positive definite matrix (Golub & Van Loan 2013, Matrix Computations, 4.2). */
import type { Covariance } from "./ledoitWolf.ts";

/** L's rows to the diagonal, one after another, [width (width + 1) / 2]; null where the matrix is not positive definite. */
export function choleskyFactor({ values, width }: Covariance): Float64Array | null {
  const factor = new Float64Array((width * (width + 1)) / 2);
  for (let i = 0; i < width; i++) {
    const rowI = (i * (i + 1)) / 2;
    for (let j = 0; j <= i; j++) {
      const rowJ = (j * (j + 1)) / 2;
      let rest = values[i * width + j] as number;
      for (let k = 0; k < j; k++) rest -= (factor[rowI + k] as number) * (factor[rowJ + k] as number);
      if (j < i) factor[rowI + j] = rest / (factor[rowJ + j] as number);
      else if (rest > 0 && Number.isFinite(rest)) factor[rowI + i] = Math.sqrt(rest);
      else return null;
    }
  }
  return factor;
}

/** L⁻¹ v by forward substitution. */
export function forwardSolve(factor: Float32Array | Float64Array, vector: Float64Array): Float64Array {
  const out = new Float64Array(vector.length);
  for (let i = 0; i < out.length; i++) {
    const row = (i * (i + 1)) / 2;
    let rest = vector[i] as number;
    for (let k = 0; k < i; k++) rest -= (factor[row + k] as number) * (out[k] as number);
    out[i] = rest / (factor[row + i] as number);
  }
  return out;
}
