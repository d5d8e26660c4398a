/**
 * Floating-point numbers of 8 and 16 bits, by table. IEEE 754 half; E4M3 and E5M2 of Micikevicius et al. 2022
 * (arXiv 2209.05433): E5M2 is IEEE-like, E4M3 has no infinities and only 0x7f and 0xff are no number.
 */

/** Value of each bit pattern: a sign, then the exponent, then the fraction. */
function valuesOf(exponentBits: number, fractionBits: number, infinities: boolean): Float32Array {
  const fractions = 2 ** fractionBits;
  const top = 2 ** exponentBits - 1;
  const bias = (top - 1) / 2;
  const positive = top * fractions + fractions;
  const values = new Float32Array(2 * positive);
  for (let bits = 0; bits < positive; bits++) {
    const exponent = Math.floor(bits / fractions);
    const fraction = (bits % fractions) / fractions;
    let value = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
    if (infinities && exponent === top) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    if (!infinities && bits === positive - 1) value = Number.NaN;
    values[bits] = value;
    values[positive + bits] = -value;
  }
  return values;
}

const HALF = valuesOf(5, 10, true);
export const E5M2 = valuesOf(5, 2, true);
export const E4M3 = valuesOf(4, 3, false);

/** The little-endian half at a byte offset. */
export function half(bytes: Uint8Array, at: number): number {
  return HALF[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
}
