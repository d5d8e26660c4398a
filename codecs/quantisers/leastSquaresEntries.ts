import { tensor } from "./additiveTables.ts";
import type { Matrix, Tensor } from "./Quantiser.ts";

/**
 * What the anchor is worth, in vectors an entry. There are as many unknowns as entries, thousands: without it, a few
 * vectors each are fitted and unseen ones lost (0.64 in place of 0.83 with 16 vectors an entry).
 */
const RIDGE = 16;
const STEPS = 12;

/**
 * Entries that decode given codes with the least squared error, held near an anchor: (BᵀB + λI) C = BᵀX + λA for the
 * indicators B of the codes, by conjugate gradients a column (Hestenes and Stiefel 1952) from `start` on. B is never
 * written out: a row of it has a one for each place.
 */
export async function leastSquaresEntries(
  vectors: Matrix,
  codes: Uint16Array,
  start: Tensor,
  anchor: Tensor,
  ridge: number = RIDGE,
): Promise<Tensor> {
  const [places, entries, width] = start.shape as [number, number, number];
  const solution = start.data.slice();
  const residual = gathered(vectors.data, codes, places, entries, width);
  const applied = normal(solution, codes, [places, entries, width], ridge);
  for (let i = 0; i < residual.length; i++) {
    residual[i] = (residual[i] as number) + ridge * (anchor.data[i] as number) - (applied[i] as number);
  }
  let direction = residual.slice();
  let squares = columnProducts(residual, residual, width);
  for (let step = 0; step < STEPS; step++) {
    const image = normal(direction, codes, [places, entries, width], ridge);
    const curvature = columnProducts(direction, image, width);
    const stride = squares.map((value, c) => ((curvature[c] as number) > 0 ? value / (curvature[c] as number) : 0));
    for (let i = 0; i < solution.length; i++) {
      const along = stride[i % width] as number;
      solution[i] = (solution[i] as number) + along * (direction[i] as number);
      residual[i] = (residual[i] as number) - along * (image[i] as number);
    }
    const next = columnProducts(residual, residual, width);
    direction = direction.map((value, i) => {
      const before = squares[i % width] as number;
      return (residual[i] as number) + (before > 0 ? ((next[i % width] as number) / before) * value : 0);
    });
    squares = next;
  }
  return tensor(start.shape, solution);
}

/** (BᵀB + λI) C. */
function normal(
  c: Float32Array,
  codes: Uint16Array,
  [places, entries, width]: readonly [number, number, number],
  ridge: number,
): Float32Array {
  const out = new Float32Array(c.length);
  const sum = new Float32Array(width);
  for (let r = 0; r < codes.length; r += places) {
    sum.fill(0);
    for (let p = 0; p < places; p++) {
      const from = (p * entries + (codes[r + p] as number)) * width;
      for (let i = 0; i < width; i++) sum[i] = (sum[i] as number) + (c[from + i] as number);
    }
    for (let p = 0; p < places; p++) {
      const to = (p * entries + (codes[r + p] as number)) * width;
      for (let i = 0; i < width; i++) out[to + i] = (out[to + i] as number) + (sum[i] as number);
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + ridge * (c[i] as number);
  return out;
}

/** BᵀX. */
function gathered(x: Float32Array, codes: Uint16Array, places: number, entries: number, width: number): Float32Array {
  const out = new Float32Array(places * entries * width);
  for (let r = 0; r < codes.length; r++) {
    const to = ((r % places) * entries + (codes[r] as number)) * width;
    const from = Math.floor(r / places) * width;
    for (let i = 0; i < width; i++) out[to + i] = (out[to + i] as number) + (x[from + i] as number);
  }
  return out;
}

/** The inner product of each column of `a` with that of `b`. */
function columnProducts(a: Float32Array, b: Float32Array, width: number): Float64Array {
  const out = new Float64Array(width);
  for (let i = 0; i < a.length; i++) out[i % width] = (out[i % width] as number) + (a[i] as number) * (b[i] as number);
  return out;
}
