/** Matrix products by jax-js on its WebAssembly backend: float32, the same bits for the same input. */
import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { matrix, rowsOf } from "./matrix.ts";
import type { Matrix } from "./Quantiser.ts";

/** Numbers of a result that are held at once beside the input. */
const BLOCK = 1 << 24;

let ready: Promise<unknown> | null = null;

/** jax-js with the backend that is the same everywhere. */
export async function startJax(): Promise<void> {
  ready ??= init("wasm").then(() => defaultDevice("wasm"));
  await ready;
}

/** a · bᵀ: [a.rows, b.rows]. */
export async function timesTransposed(a: Matrix, b: Matrix): Promise<Matrix> {
  return times(a, transposed(b));
}

/** a · b: [a.rows, b.width]. */
export async function times(a: Matrix, b: Matrix): Promise<Matrix> {
  if (a.width !== b.rows) throw new Error(`${a.rows} × ${a.width} times ${b.rows} × ${b.width}`);
  const out = matrix(a.rows, b.width);
  for await (const { from, part } of productBlocks(a, b)) out.data.set(part.data, from * b.width);
  return out;
}

/** a · b in blocks of rows, for products that are too large to hold whole. */
export async function* productBlocks(a: Matrix, b: Matrix): AsyncGenerator<{ from: number; part: Matrix }> {
  await startJax();
  const right = np.array(b.data as Float32Array<ArrayBuffer>).reshape([b.rows, b.width]);
  try {
    const step = Math.max(1, Math.min(a.rows, Math.floor(BLOCK / Math.max(a.width, b.width))));
    for (let from = 0; from < a.rows; from += step) {
      const block = rowsOf(a, from, Math.min(a.rows, from + step));
      const left = np.array(block.data as Float32Array<ArrayBuffer>).reshape([block.rows, block.width]);
      const data = (await np.matmul(left, right.ref).data()) as Float32Array;
      yield { from, part: matrix(block.rows, b.width, data) };
    }
  } finally {
    right.dispose();
  }
}

export function transposed(source: Matrix): Matrix {
  const out = matrix(source.width, source.rows);
  for (let r = 0; r < source.rows; r++)
    for (let c = 0; c < source.width; c++) out.data[c * source.rows + r] = source.data[r * source.width + c] as number;
  return out;
}
