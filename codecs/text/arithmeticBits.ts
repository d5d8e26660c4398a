/**
 * Arithmetic coding on integers of 32 bits: Witten, Neal and Cleary 1987, “Arithmetic coding for data compression”,
 * CACM 30(6), with their carry over bits that are still open. A step narrows [low, high] to the part [from, to) of
 * `total`; bits that both ends share are written. Totals up to 2^30, so that no step's interval is empty.
 */
const BITS = 32;
const TOP = 2 ** BITS - 1;
const HALF = 2 ** (BITS - 1);
const QUARTER = 2 ** (BITS - 2);

/** A choice's place among all: cumulative counts, 0 ≤ from < to ≤ total ≤ 2^30. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

/** The part of an interval of `range` numbers; products of 62 bits. */
function scaled(range: number, count: number, total: number): number {
  return Number((BigInt(range) * BigInt(count)) / BigInt(total));
}

function narrowed(low: number, high: number, { from, to, total }: Share): [number, number] {
  if (!(from >= 0 && from < to && to <= total && total <= QUARTER)) throw new Error(`no share: ${from} ${to} ${total}`);
  const range = high - low + 1;
  return [low + scaled(range, from, total), low + scaled(range, to, total) - 1];
}

/** What is taken off both ends before they are doubled; null where no bit is decided. */
function settled(low: number, high: number): number | null {
  if (high < HALF) return 0;
  if (low >= HALF) return HALF;
  if (low >= QUARTER && high < HALF + QUARTER) return QUARTER;
  return null;
}

export class ArithmeticWriter {
  private readonly bits: string[] = [];
  private low = 0;
  private high = TOP;
  private open = 0;

  write(share: Share): void {
    [this.low, this.high] = narrowed(this.low, this.high, share);
    for (let off = settled(this.low, this.high); off !== null; off = settled(this.low, this.high)) {
      if (off === QUARTER) this.open += 1;
      else this.put(off === HALF ? "1" : "0");
      this.low = (this.low - off) * 2;
      this.high = (this.high - off) * 2 + 1;
    }
  }

  private put(bit: "0" | "1"): void {
    this.bits.push(bit, (bit === "0" ? "1" : "0").repeat(this.open));
    this.open = 0;
  }

  /** All bits, the last of which keep whatever follows inside the interval. */
  end(): string {
    this.open += 1;
    this.put(this.low < QUARTER ? "0" : "1");
    return this.bits.join("");
  }
}

export class ArithmeticReader {
  private readonly bits: string;
  private at = 0;
  private low = 0;
  private high = TOP;
  private value = 0;

  constructor(bits: string) {
    this.bits = bits;
    for (let i = 0; i < BITS; i++) this.value = this.value * 2 + this.nextBit();
  }

  /** Zeros follow the last bit. */
  private nextBit(): number {
    return this.bits[this.at++] === "1" ? 1 : 0;
  }

  /** Whether more was read than a writer could have written: the bits are those of nothing. */
  get exhausted(): boolean {
    return this.at > this.bits.length + BITS;
  }

  /** Which of `total` counts comes next, before `take` says whose it is. */
  peek(total: number): number {
    const range = BigInt(this.high - this.low + 1);
    return Number((BigInt(this.value - this.low + 1) * BigInt(total) - 1n) / range);
  }

  take(share: Share): void {
    [this.low, this.high] = narrowed(this.low, this.high, share);
    for (let off = settled(this.low, this.high); off !== null; off = settled(this.low, this.high)) {
      this.low = (this.low - off) * 2;
      this.high = (this.high - off) * 2 + 1;
      this.value = (this.value - off) * 2 + this.nextBit();
    }
  }
}
