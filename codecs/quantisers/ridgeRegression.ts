import { matrix } from "./matrix.ts";
import { times, transposed } from "./products.ts";
import type { Matrix } from "./Quantiser.ts";

/**
 * The linear map that predicts `targets` from `inputs` with the least squared error, ridge added (Hoerl and Kennard
 * 1970): (XᵀX + λI)⁻¹ XᵀY, [inputs.width, targets.width].
 * @param ridge λ as a share of the mean diagonal of XᵀX; above 0.
 */
export async function ridgeRegression(inputs: Matrix, targets: Matrix, ridge: number): Promise<Matrix> {
  const across = transposed(inputs);
  const gram = Float64Array.from((await times(across, inputs)).data);
  const n = inputs.width;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += gram[i * n + i] as number;
  for (let i = 0; i < n; i++) gram[i * n + i] = (gram[i * n + i] as number) + (ridge * trace) / n;
  const right = Float64Array.from((await times(across, targets)).data);
  solveInPlace(gram, right, n, targets.width);
  return matrix(n, targets.width, Float32Array.from(right));
}

/** Cholesky's factor of a positive definite `a` [n, n], then both triangular systems for `b` [n, columns]. */
function solveInPlace(a: Float64Array, b: Float64Array, n: number, columns: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      if (i === j && sum <= 0) throw new Error("the inputs of a regression are all zero");
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / (a[j * n + j] as number);
    }
  }
  for (let i = 0; i < n; i++) eliminate(a, b, n, columns, i, 0, i, (k) => i * n + k);
  for (let i = n - 1; i >= 0; i--) eliminate(a, b, n, columns, i, i + 1, n, (k) => k * n + i);
}

function eliminate(
  a: Float64Array,
  b: Float64Array,
  n: number,
  columns: number,
  i: number,
  from: number,
  to: number,
  at: (k: number) => number,
): void {
  for (let k = from; k < to; k++) {
    const factor = a[at(k)] as number;
    for (let c = 0; c < columns; c++)
      b[i * columns + c] = (b[i * columns + c] as number) - factor * (b[k * columns + c] as number);
  }
  const diagonal = a[i * n + i] as number;
  for (let c = 0; c < columns; c++) b[i * columns + c] = (b[i * columns + c] as number) / diagonal;
}
