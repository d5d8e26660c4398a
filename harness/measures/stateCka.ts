/**
 * Debiased linear CKA: HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)), K = X Xᵀ, L = Y Yᵀ of the original's states X and the
 * condition's Y over n items, with the unbiased estimator of Song et al. 2012 (JMLR 13:1393–1434, equation 5)
 *
 *   HSIC(K, L) = [ tr(K̃ L̃) + 1ᵀK̃1 · 1ᵀL̃1 / ((n−1)(n−2)) − 2/(n−2) · 1ᵀK̃L̃1 ] / (n (n−3)),   K̃ = K with diagonal 0.
 *
 * CKA: Kornblith et al. 2019, arXiv 1905.00414. Whether the items lie to each other as under the original. At most 1;
 * about 0 for unrelated states, even with fewer items than dimensions (where the biased form goes to 1), and below it by
 * chance; does not change when either side is rotated, moved or scaled; higher is closer. At the band's middle state.
 * Descriptive: never gated. Undefined with fewer than 4 items or where either side has no spread that the estimator sees.
 */
import { needsStates, type SetMeasure } from "../Measure.ts";
import { gram } from "../vectors.ts";

/** n (n − 3) · HSIC of the items at these indices; zero diagonals are left out of the sums. */
function hsic(k: readonly Float64Array[], l: readonly Float64Array[], items: readonly number[]): number {
  let [trace, sumK, sumL, both] = [0, 0, 0, 0];
  for (const i of items) {
    const [rowK, rowL] = [k[i] as Float64Array, l[i] as Float64Array];
    let [lineK, lineL] = [0, 0];
    for (const j of items) {
      if (i === j) continue;
      const [a, b] = [rowK[j] as number, rowL[j] as number];
      trace += a * b;
      lineK += a;
      lineL += b;
    }
    sumK += lineK;
    sumL += lineL;
    both += lineK * lineL;
  }
  const n = items.length;
  return trace + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * both) / (n - 2);
}

export const stateCka: SetMeasure = {
  kind: "set",
  descriptive: true,
  name: "state.cka",
  definition: "debiased linear CKA of the items' states with the original's, at the band's middle; n counts clusters",
  unit: "share",
  range: [Number.NEGATIVE_INFINITY, 1],
  better: "higher",
  reference: "Kornblith et al. 2019, arXiv 1905.00414; Song et al. 2012, JMLR 13:1393",
  ...needsStates,
  undefinedReason: "CKA needs four items at least, and states that differ",
  over: (original, condition) => {
    const [k, l] = [gram(original), gram(condition)];
    return (items) => {
      if (items.length < 4) return null;
      const [own, other] = [hsic(k, k, items), hsic(l, l, items)];
      if (!(own > 0 && other > 0)) return null;
      // Equal ones apart, so that the original is exactly 1 from itself.
      const value = hsic(k, l, items) / (own === other ? own : Math.sqrt(own) * Math.sqrt(other));
      return Number.isFinite(value) ? Math.min(1, value) : null;
    };
  },
};
