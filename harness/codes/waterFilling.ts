/**
 * The least distortion that a Gaussian vector of a given covariance can be coded with at a given rate: reverse
 * water-filling. With λ_i the eigenvalues of the covariance and R bits a vector,
 *
 *   D = Σ_i min(θ, λ_i),   R = Σ_i max(0, ½ log2(λ_i / θ)),
 *
 * and the best reconstruction x̂ has E⟨x, x̂⟩ = E‖x̂‖² = Σ λ_i − D, so that cos(x, x̂) tends to √(1 − D / Σ λ_i).
 * Cover & Thomas 2006, Elements of Information Theory, theorem 10.3.3; at equal λ_i the cosine is √(1 − 2^(−2R/d)).
 *
 * Of all sources with that covariance the Gaussian is the hardest (ibid., problem 10.8), and the bound is reached only
 * by coding many vectors at once. So it is a reference, no limit, for vectors that are not Gaussian.
 */
export interface RateBound {
  /** Total squared error a vector, in the variances' unit. */
  readonly distortion: number;
  /** Cosine of the centred vectors, 0 to 1. */
  readonly cosine: number;
  /** Eigenvalues above the water: the directions that get any bits. */
  readonly active: number;
}

/**
 * @param variances eigenvalues of the covariance, in any order, none below 0 by more than rounding
 * @param bits a vector, 0 or more
 * Throws RangeError for values that are no variances, or none above 0.
 */
export function reverseWaterFilling(variances: readonly number[], bits: number): RateBound {
  if (!(bits >= 0 && Number.isFinite(bits))) throw new RangeError(`a rate of ${bits} bits`);
  const sorted = [...variances].sort((a, b) => b - a);
  const largest = sorted[0] ?? 0;
  const wrong = sorted.find((value) => !Number.isFinite(value) || value < -1e-9 * largest);
  if (wrong !== undefined || largest <= 0) throw new RangeError(`${wrong ?? largest} is no variance of such vectors`);
  const total = sorted.reduce((sum, value) => sum + Math.max(0, value), 0);
  let logs = 0;
  for (let k = 1; k <= sorted.length; k++) {
    const smallest = sorted[k - 1] as number;
    if (smallest <= 0) break;
    logs += Math.log2(smallest);
    const level = 2 ** ((logs - 2 * bits) / k);
    const next = Math.max(0, sorted[k] ?? 0);
    // The water stands between the smallest that rises above it and the largest that it covers.
    if (level < next) continue;
    const distortion = k * level + sorted.slice(k).reduce((sum, value) => sum + Math.max(0, value), 0);
    const kept = Math.max(0, total - distortion);
    return { distortion, cosine: Math.sqrt(kept / total), active: k };
  }
  throw new Error(`no water level at ${bits} bits`);
}

/** The same for a white source of `width` dimensions: √(1 − 2^(−2R/d)). */
export function whiteCosine(bits: number, width: number): number {
  return Math.sqrt(-Math.expm1((-2 * bits * Math.LN2) / width));
}
