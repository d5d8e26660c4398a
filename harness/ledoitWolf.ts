/**
 * Covariance of states, and how far to shrink it towards a multiple of the identity:
 *
 *   Σ* = (1 − δ) S + δ m I,   m = tr S / d,   δ = min(b², d²) / d²
 *
 * with S the sample covariance (1/n), d² = ‖S − m I‖² and b² = (1/n²) Σ_k ‖x_k x_kᵀ − S‖². Ledoit & Wolf 2004,
 * J Multivariate Analysis 88:365–411. With about as many states as dimensions, S alone is close to singular and its
 * inverse is mostly noise.
 */
import { centredVectors } from "./vectors.ts";

export interface Covariance {
  /** Symmetric, row by row: float64 [width · width]. */
  readonly values: Float64Array;
  readonly width: number;
}

/** @param states at least one, [states][width]. */
export function sampleCovariance(states: readonly Float32Array[]): { covariance: Covariance; centred: Float64Array[] } {
  const width = states[0]?.length ?? 0;
  const centred = centredVectors(states);
  const values = new Float64Array(width * width);
  for (const x of centred) {
    for (let i = 0; i < width; i++) {
      const scaled = (x[i] as number) / states.length;
      const row = i * width;
      for (let j = 0; j <= i; j++) values[row + j] = (values[row + j] as number) + scaled * (x[j] as number);
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) values[j * width + i] = values[i * width + j] as number;
  }
  return { covariance: { values, width }, centred };
}

/** The shrunk covariance and δ, 0 to 1; null where the states do not vary, or beyond the range of floats. */
export function ledoitWolf(
  { values, width }: Covariance,
  centred: readonly Float64Array[],
): { covariance: Covariance; shrinkage: number } | null {
  const n = centred.length;
  let trace = 0;
  for (let i = 0; i < width; i++) trace += values[i * width + i] as number;
  const target = trace / width;
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  // Σ_k ‖x_k x_kᵀ‖² = Σ_k ‖x_k‖⁴, and Σ_k ⟨x_k x_kᵀ, S⟩ = n ‖S‖².
  const fourth = centred.reduce((sum, x) => sum + x.reduce((total, value) => total + value * value, 0) ** 2, 0);
  const distance = squares - width * target * target;
  const noise = (fourth / n - squares) / n;
  const shrinkage = distance <= 0 ? 1 : Math.max(0, Math.min(noise, distance)) / distance;
  if (!(target > 0) || !Number.isFinite(squares + fourth)) return null;
  const shrunk = values.map((value) => (1 - shrinkage) * value);
  for (let i = 0; i < width; i++) shrunk[i * width + i] = (shrunk[i * width + i] as number) + shrinkage * target;
  return { covariance: { values: shrunk, width }, shrinkage };
}
