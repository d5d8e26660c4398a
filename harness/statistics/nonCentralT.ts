/**
 * Noncentral t distribution: T = (Z + δ)/U with Z standard normal and U² an independent χ²_ν/ν (Johnson, Kotz &
 * Balakrishnan 1995, vol. 2, 31.1).
 *
 *   P(T > t) = E Φ(δ − t U) = ∫ Φ(δ − t e^v) f(v) dv,   f(v) ∝ exp(−ν/2 · (e^{2v} − 1 − 2v)),   v = ln U
 *
 * by the trapezoidal rule, which converges exponentially for a smooth integrand that dies out at both ends
 * (Trefethen & Weideman 2014, SIAM Review 56:385–458). Absolute error below 1e-12.
 */
import { normalUpperTail } from "./normalTail.ts";

/** The largest |t| and |δ|: beyond them the steps would be too many, and the tails are 0 or 1 for most purposes. */
export const LARGEST_NONCENTRAL = 1000;

/**
 * P(T > t). t and noncentrality: from −1000 to 1000; df ≥ 1, at most 1e9.
 * Throws RangeError for others.
 */
export function nonCentralUpperTail(t: number, df: number, noncentrality: number): number {
  for (const [name, value] of Object.entries({ t, noncentrality })) {
    if (!(Math.abs(value) <= LARGEST_NONCENTRAL)) {
      throw new RangeError(
        `${name} must lie between −${LARGEST_NONCENTRAL} and ${LARGEST_NONCENTRAL}, not at ${value}`,
      );
    }
  }
  if (!(df >= 1 && df <= 1e9)) throw new RangeError(`degrees of freedom must be from 1 to 1e9, not ${df}`);
  // expm1 keeps the digits of small v, where large df have all their mass.
  const exponent = (v: number): number => (df / 2) * (Math.expm1(2 * v) - 2 * v);
  // Half of each factor's own width, and what e^v itself allows.
  const step = Math.min(0.15, 0.5 / (Math.sqrt(df) + Math.abs(t) + Math.abs(noncentrality)));
  let [mass, tail] = [0, 0];
  const add = (v: number): boolean => {
    const weight = Math.exp(-exponent(v));
    mass += weight;
    tail += weight * normalUpperTail(t * Math.exp(v) - noncentrality);
    return weight > 1e-18;
  };
  add(0);
  for (let i = 1; add(i * step); i++);
  for (let i = 1; add(-i * step); i++);
  return tail / mass;
}
