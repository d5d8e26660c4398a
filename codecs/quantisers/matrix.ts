/** Views, means and differences of matrices by row; sums run in double precision, results are float32. */
import type { Matrix } from "./Quantiser.ts";

export function matrix(rows: number, width: number, data: Float32Array = new Float32Array(rows * width)): Matrix {
  if (data.length !== rows * width) throw new Error(`${data.length} numbers are no ${rows} rows of ${width}`);
  return { rows, width, data };
}

export function row({ width, data }: Matrix, index: number): Float32Array {
  return data.subarray(index * width, (index + 1) * width);
}

/** The rows from `from` to before `to`, sharing memory. */
export function rowsOf({ width, data }: Matrix, from: number, to: number): Matrix {
  return matrix(to - from, width, data.subarray(from * width, to * width));
}

/** The columns from `from` to before `to`, copied. */
export function columnsOf(source: Matrix, from: number, to: number): Matrix {
  const out = matrix(source.rows, to - from);
  for (let r = 0; r < source.rows; r++)
    out.data.set(source.data.subarray(r * source.width + from, r * source.width + to), r * (to - from));
  return out;
}

/** The rows at `indices`, copied. */
export function pickRows(source: Matrix, indices: ArrayLike<number>): Matrix {
  const out = matrix(indices.length, source.width);
  for (let r = 0; r < indices.length; r++) out.data.set(row(source, indices[r] as number), r * source.width);
  return out;
}

export function meanRow(source: Matrix): Float32Array {
  const sums = new Float64Array(source.width);
  for (let r = 0, at = 0; r < source.rows; r++)
    for (let c = 0; c < source.width; c++) sums[c] = (sums[c] as number) + (source.data[at++] as number);
  return Float32Array.from(sums, (sum) => sum / source.rows);
}

/** Each row less `offset` [width]. */
export function lessRow(source: Matrix, offset: Float32Array): Matrix {
  const data = new Float32Array(source.data.length);
  for (let r = 0, at = 0; r < source.rows; r++)
    for (let c = 0; c < source.width; c++, at++) data[at] = (source.data[at] as number) - (offset[c] as number);
  return matrix(source.rows, source.width, data);
}

/** Mean over rows of the squared distance between `a` and `b`. */
export function meanSquaredError(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += ((a.data[i] as number) - (b.data[i] as number)) ** 2;
  return sum / a.rows;
}

/** Half the squared length of each row, as scores of nearest entries need it. */
export function halfSquares(source: Matrix): Float32Array {
  const out = new Float32Array(source.rows);
  for (let r = 0, at = 0; r < source.rows; r++) {
    let sum = 0;
    for (let c = 0; c < source.width; c++) sum += (source.data[at++] as number) ** 2;
    out[r] = sum / 2;
  }
  return out;
}

/** The first `count` numbers of each row. */
export function firstColumns({ rows, width, data }: Matrix, count: number): Matrix {
  const out = matrix(rows, count);
  for (let r = 0; r < rows; r++) out.data.set(data.subarray(r * width, r * width + count), r * count);
  return out;
}
