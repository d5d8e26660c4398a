/**
 * Eigenvalues of a symmetric matrix: Householder reduction to tridiagonal form, then the implicit QL algorithm with
 * Wilkinson shifts (Golub & Van Loan 2013, Matrix Computations, algorithms 8.3.1 and 8.3.3). 4n³/3 operations.
 */
import type { Covariance } from "../ledoitWolf.ts";

const MOST_STEPS = 60;

/** Largest first. Throws where the iteration does not converge, as for values that are not finite. */
export function symmetricEigenvalues({ values, width: n }: Covariance): number[] {
  const { diagonal, off } = tridiagonal(Float64Array.from(values), n);
  // Where all of a block is rounding, as in a matrix of lower rank, nothing relative would ever become small.
  const rounding = Number.EPSILON * Math.max(...diagonal.map(Math.abs), ...off.map(Math.abs));
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      const m = endOfBlock(diagonal, off, l, rounding);
      if (m === l) break;
      if (step === MOST_STEPS) throw new Error(`eigenvalue ${l} of ${n} did not converge`);
      implicitStep(diagonal, off, l, m);
    }
  }
  return Array.from(diagonal).sort((a, b) => b - a);
}

/** Diagonal [n], and what stands beside it: off[i] between i and i + 1. */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; off: Float64Array } {
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  const at = (i: number, j: number) => a[i * n + j] as number;
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    diagonal[k] = at(k, k);
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += at(i, k) ** 2;
    norm = Math.sqrt(norm);
    const first = at(k + 1, k);
    const alpha = first > 0 ? -norm : norm;
    off[k] = alpha;
    if (norm === 0 || k === n - 2) {
      if (k === n - 2) off[k] = first;
      continue;
    }
    // v = (x − α e1) / ‖x − α e1‖, and the rest becomes (I − 2vvᵀ) A (I − 2vvᵀ).
    let length = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = at(i, k) - (i === k + 1 ? alpha : 0);
      length += (v[i] as number) ** 2;
    }
    length = Math.sqrt(length);
    for (let i = k + 1; i < n; i++) v[i] = (v[i] as number) / length;
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += at(i, j) * (v[j] as number);
      p[i] = 2 * sum;
      along += (v[i] as number) * sum;
    }
    for (let i = k + 1; i < n; i++) p[i] = (p[i] as number) - 2 * along * (v[i] as number);
    for (let i = k + 1; i < n; i++) {
      const [vi, pi] = [v[i] as number, p[i] as number];
      for (let j = k + 1; j < n; j++) a[i * n + j] = at(i, j) - vi * (p[j] as number) - pi * (v[j] as number);
    }
  }
  diagonal[n - 1] = at(n - 1, n - 1);
  return { diagonal, off };
}

/** The first place from l on after which nothing but rounding stands beside the diagonal. */
function endOfBlock(diagonal: Float64Array, off: Float64Array, l: number, rounding: number): number {
  let m = l;
  while (m < diagonal.length - 1) {
    if (Math.abs(off[m] as number) <= rounding) break;
    m++;
  }
  return m;
}

function implicitStep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const first = d[l] as number;
  let g = ((d[l + 1] as number) - first) / (2 * (e[l] as number));
  const root = Math.hypot(g, 1);
  g = (d[m] as number) - first + (e[l] as number) / (g + (g < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * (e[i] as number);
    const b = c * (e[i] as number);
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = (d[i + 1] as number) - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = (d[i + 1] as number) - p;
    const t = ((d[i] as number) - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
  }
  d[l] = (d[l] as number) - p;
  e[l] = g;
  e[m] = 0;
}
