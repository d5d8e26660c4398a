/**
 * Student's t distribution for real degrees of freedom ν: tails, distribution function, quantiles.
 *
 *   P(T > t) = ½ I_x(ν/2, ½),   P(0 < T < t) = ½ I_{1−x}(½, ν/2),   x = ν / (ν + t²),   t > 0
 *
 * (DLMF 8.17; Johnson, Kotz & Balakrishnan 1995, vol. 2, 28.4). I, the regularised incomplete beta function, is a
 * continued fraction on the side of the mode where it converges; the other side is the complement (DiDonato & Morris
 * 1992, ACM TOMS 18:360–373). All is computed as logarithms and from y = 1 − x, so that tails keep their relative
 * accuracy down to 1e-300 and quantiles theirs for any ν: an error below 1e-12.
 */
import { normalQuantile } from "./normalQuantile.ts";

/** P(T > t). t: any number or ±Infinity. df > 0. Throws RangeError for NaN or an impossible df. */
export function studentUpperTail(t: number, df: number): number {
  check(df);
  if (Number.isNaN(t)) throw new RangeError("t is not a number");
  if (t === 0) return 0.5;
  if (Math.abs(t) === Infinity) return t > 0 ? 0 : 1;
  const { tail, centre } = logarithms(Math.abs(t), df);
  return t > 0 ? Math.exp(tail) : 0.5 + Math.exp(centre);
}

/** P(T ≤ t); the lower tail keeps its relative accuracy. As studentUpperTail otherwise. */
export function studentCdf(t: number, df: number): number {
  return studentUpperTail(-t, df);
}

/**
 * The t with P(T ≤ t) = p, for 0 ≤ p ≤ 1; ∓Infinity at 0 and 1. For an upper quantile negate that of the small
 * tail, since 1 − p rounds. Newton's method on ln p over ln |t|, where both tails and centre are concave: it
 * converges from any side without a bracket.
 */
export function studentQuantile(p: number, df: number): number {
  check(df);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a quantile is of a probability from 0 to 1, not ${p}`);
  if (p === 0.5) return 0;
  const sign = p < 0.5 ? -1 : 1;
  const tail = p < 0.5 ? p : 1 - p;
  if (tail === 0) return sign * Infinity;
  // Solve for the tail where it is small, else for the mass between 0 and t: neither loses digits.
  const inTail = tail <= 0.25;
  const target = Math.log(inTail ? tail : 0.5 - tail);
  // The normal quantile is the nearest point that is surely not beyond; from far away large df would overshoot by far.
  let u = inTail ? Math.log(-normalQuantile(tail)) : target - logDensity(0, df);
  for (let iteration = 0; iteration < 200; iteration++) {
    const t = Math.exp(u);
    const mass = logarithms(t, df);
    const value = inTail ? mass.tail : mass.centre;
    const slope = Math.exp(u + logDensity(t, df) - value);
    const step = ((value - target) / slope) * (inTail ? 1 : -1);
    // e^709 is the largest power that is finite.
    u = Math.min(u + step, 709);
    if (Math.abs(step) < 1e-12) return sign * Math.exp(u);
  }
  throw new Error(`no quantile found for p = ${p}, df = ${df}`);
}

function check(df: number): void {
  if (!(df > 0 && df < Infinity)) throw new RangeError(`degrees of freedom must be positive and finite, not ${df}`);
}

/** ln P(T > t) and ln P(0 < T < t) for finite t > 0. */
function logarithms(t: number, df: number): { tail: number; centre: number } {
  const a = df / 2;
  const { logX, s } = logCoordinate(t, df);
  const x = Math.exp(logX);
  const logY = 2 * Math.log(s) + logX;
  const y = Math.exp(logY);
  // x^a y^½ / B(a, ½)
  const logFront = a * logX + logY / 2 + logGammaRatio(a) - Math.log(Math.PI) / 2;
  const lambda = (a + 0.5) * y - 0.5;
  if (lambda > 0) {
    const tail = logFront - Math.log(df) + Math.log(betaFraction({ x, y, a, b: 0.5, lambda }));
    return { tail, centre: Math.log(-0.5 * Math.expm1(tail + Math.LN2)) };
  }
  const centre = logFront + Math.log(betaFraction({ x: y, y: x, a: 0.5, b: a, lambda: -lambda }));
  return { tail: Math.log1p(-2 * Math.exp(centre)) - Math.LN2, centre };
}

/** ln of the density at t ≥ 0. */
function logDensity(t: number, df: number): number {
  return logGammaRatio(df / 2) - Math.log(df * Math.PI) / 2 + ((df + 1) / 2) * logCoordinate(t, df).logX;
}

/** s = t/√ν and ln x = −ln(1 + s²), also where s² overflows. */
function logCoordinate(t: number, df: number): { s: number; logX: number } {
  const s = t / Math.sqrt(df);
  return { s, logX: s < 1e150 ? -Math.log1p(s * s) : -2 * Math.log(s) };
}

/**
 * ln Γ(a + ½) − ln Γ(a) for a > 0: Stirling's series (DLMF 5.11.1) for both, with their large parts subtracted
 * beforehand, at a ≥ 16 (the first terms left out differ by less than 4e-15), reached by Γ(z + 1) = z Γ(z).
 */
function logGammaRatio(a: number): number {
  let z = a;
  let product = 1;
  for (; z < 16; z++) product *= z / (z + 0.5);
  const series = (v: number): number => (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / v ** 2) / v ** 2) / v ** 2) / v;
  return z * Math.log1p(0.5 / z) - 0.5 + Math.log(z) / 2 + series(z + 0.5) - series(z) + Math.log(product);
}

/**
 * F with I_x(a, b) = x^a y^b F / (a B(a, b)), for λ = (a + b) y − b = a − (a + b) x > 0: BFRAC of DiDonato & Morris
 * (1992, ACM TOMS 18:360–373, (9)), the even part of DLMF 8.17.22. It takes y = 1 − x and λ, which x near 1 has lost.
 */
function betaFraction({ x, y, a, b, lambda }: { x: number; y: number; a: number; b: number; lambda: number }): number {
  let [before, now] = [0, 1];
  let [belowBefore, below] = [1, (a * (1 + lambda)) / (a + 1)];
  let fraction = now / below;
  for (let n = 1; n < 100_000; n++) {
    const weight = n * (b - n) * x;
    const alpha = ((a + n - 1) * (a + b + n - 1) * weight * x) / (a + 2 * n - 1) ** 2;
    const beta = n + weight / (a + 2 * n - 1) + ((a + n) / (a + 1 + 2 * n)) * (1 + lambda + n * (1 + y));
    [before, now] = [now, alpha * before + beta * now];
    [belowBefore, below] = [below, alpha * belowBefore + beta * below];
    const last = fraction;
    fraction = now / below;
    if (Math.abs(fraction - last) <= 1e-15 * fraction) return a * fraction;
    // Only ratios matter, and the terms grow.
    [before, belowBefore, now, below] = [before / below, belowBefore / below, fraction, 1];
  }
  throw new Error(`the incomplete beta function did not converge at x = ${x}, a = ${a}, b = ${b}`);
}
