/**
 * `java.util.Random`, bit for bit: the generator that the published projection codes draw their matrices from.
 *
 * A linear congruential generator, s ← (s · 0x5DEECE66D + 0xB) mod 2⁴⁸, whose upper bits are handed out; Gaussians by
 * Marsaglia's polar method, two at a time. As specified in the documentation of `java.util.Random` (Java SE 17).
 * Java takes `StrictMath.log`, which is fdlibm's; V8's `Math.log` is a port of the same, with the same bits.
 */
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 0xb;
const HALF = 2 ** 24;

export class JavaRandom {
  /** The 48 bits of state in two halves of 24, so that every product stays exact below 2⁵³. */
  private high: number;
  private low: number;
  private spareGaussian: number | null = null;

  /** Any Java `long`; a number must be a safe integer. */
  constructor(seed: number | bigint) {
    const scrambled = (BigInt(seed) ^ 0x5deece66dn) & 0xffff_ffff_ffffn;
    this.high = Number(scrambled >> 24n);
    this.low = Number(scrambled & 0xff_ffffn);
  }

  /** The upper `bits` (1 to 32) of the next state, as a signed 32-bit integer. */
  private next(bits: number): number {
    const low = this.low * MULTIPLIER_LOW + INCREMENT;
    const high = this.high * MULTIPLIER_LOW + this.low * MULTIPLIER_HIGH + Math.floor(low / HALF);
    this.low = low % HALF;
    this.high = high % HALF;
    return Math.floor((this.high * HALF + this.low) / 2 ** (48 - bits)) | 0;
  }

  /** Uniform over −2³¹ … 2³¹ − 1. */
  nextInt(): number {
    return this.next(32);
  }

  /** Uniform over [0, 1) in steps of 2⁻⁵³. */
  nextDouble(): number {
    const upper = this.next(26);
    const lower = this.next(27);
    return (upper * 2 ** 27 + lower) * 2 ** -53;
  }

  /** Standard normal. */
  nextGaussian(): number {
    if (this.spareGaussian !== null) {
      const spare = this.spareGaussian;
      this.spareGaussian = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.nextDouble() - 1;
      const y = 2 * this.nextDouble() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spareGaussian = y * factor;
      return x * factor;
    }
  }
}
