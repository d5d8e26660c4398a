/**
 * P(Z > z) of the standard normal distribution, to about 1e-14 relative in both tails.
 *
 *   |z| < 3: ½ − φ(z) (z + z³/3 + z⁵/(3·5) + …);   beyond: φ(z) / (z + 1/(z + 2/(z + 3/(z + …))))
 *
 * (Marsaglia 2004, J Stat Softw 11(4); Abramowitz & Stegun 1964, 26.2.11 and 26.2.14).
 */

/** z: any number or ±Infinity. Throws RangeError for NaN. */
export function normalUpperTail(z: number): number {
  if (Number.isNaN(z)) throw new RangeError("z is not a number");
  const size = Math.abs(z);
  const density = Math.exp((-size * size) / 2) / Math.sqrt(2 * Math.PI);
  if (size < 3) {
    let [term, total] = [z, 0];
    for (let k = 3; total + term !== total; k += 2) {
      total += term;
      term *= (z * z) / k;
    }
    return 0.5 - density * total;
  }
  // Of the largest z nothing is left: 0/Infinity is 0, as it should be.
  let fraction = size;
  // So many terms give all digits.
  for (let k = Math.ceil(15 + 300 / (size * size)); k > 0; k--) fraction = size + k / fraction;
  const tail = density / fraction;
  return z > 0 ? tail : 1 - tail;
}
