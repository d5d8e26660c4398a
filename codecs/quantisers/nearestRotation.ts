/**
 * The orthogonal matrix nearest to a square one: the polar factor UVᵀ of A = USVᵀ, which solves the orthogonal
 * Procrustes problem (Schönemann 1966). By Newton's iteration X ← (γX + X⁻ᵀ/γ)/2 in double precision (Higham 1986, SIAM
 * J. Sci. Stat. Comput. 7:1160, equation 3.1, γ of the norms of 1 and ∞), which converges quadratically.
 */
import { matrix } from "./matrix.ts";
import type { Matrix } from "./Quantiser.ts";

const MOST_STEPS = 60;
/** Share of the largest entry that stands for a direction in which `source` says nothing. */
const UNSEEN = 1e-9;

/** @param before decides where `source` is blind: directions that no training vector has stay as they are. */
export function nearestRotation(source: Matrix, before: Matrix | null): Matrix {
  const n = source.rows;
  let x = Float64Array.from(source.data);
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (before !== null) x = x.map((value, i) => value + UNSEEN * largest * (before.data[i] as number));
  for (let step = 0; step < MOST_STEPS; step++) {
    const inverse = inverted(x, n);
    const gamma = ((norm(inverse, n, 1) * norm(inverse, n, n)) / (norm(x, n, 1) * norm(x, n, n))) ** 0.25;
    let change = 0;
    const next = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        next[at] = (gamma * (x[at] as number) + (inverse[j * n + i] as number) / gamma) / 2;
        change = Math.max(change, Math.abs((next[at] as number) - (x[at] as number)));
      }
    x = next;
    if (change < 1e-12) break;
  }
  return matrix(n, n, Float32Array.from(x));
}

/** The largest sum of absolute values over a row (`stride` n, the ∞-norm) or a column (`stride` 1, the 1-norm). */
function norm(x: Float64Array, n: number, stride: number): number {
  let most = 0;
  for (let line = 0; line < n; line++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(x[stride === 1 ? i * n + line : line * n + i] as number);
    most = Math.max(most, sum);
  }
  return most;
}

/** Gauss and Jordan with partial pivoting. */
function inverted(source: Float64Array, n: number): Float64Array {
  const a = source.slice();
  const swaps = new Uint32Array(n);
  for (let p = 0; p < n; p++) {
    let pivot = p;
    for (let r = p + 1; r < n; r++)
      if (Math.abs(a[r * n + p] as number) > Math.abs(a[pivot * n + p] as number)) pivot = r;
    swaps[p] = pivot;
    if (pivot !== p) swapRows(a, n, p, pivot);
    const value = a[p * n + p] as number;
    if (value === 0) throw new Error("a singular matrix has no nearest rotation");
    a[p * n + p] = 1;
    const top = a.subarray(p * n, p * n + n);
    for (let c = 0; c < n; c++) top[c] = (top[c] as number) / value;
    for (let r = 0; r < n; r++) {
      if (r === p) continue;
      const line = a.subarray(r * n, r * n + n);
      const factor = line[p] as number;
      line[p] = 0;
      for (let c = 0; c < n; c++) line[c] = (line[c] as number) - factor * (top[c] as number);
    }
  }
  for (let p = n - 1; p >= 0; p--) {
    const other = swaps[p] as number;
    if (other === p) continue;
    for (let r = 0; r < n; r++) [a[r * n + p], a[r * n + other]] = [a[r * n + other] as number, a[r * n + p] as number];
  }
  return a;
}

function swapRows(a: Float64Array, n: number, one: number, other: number): void {
  const kept = a.slice(one * n, one * n + n);
  a.copyWithin(one * n, other * n, other * n + n);
  a.set(kept, other * n);
}
