/**
 * How a number is printed in a paper: with its interval, rounded to two significant digits of the interval's
 * half-width, for further digits are noise (Taylor, "An Introduction to Error Analysis", section 2.2, with the second
 * digit kept); but with four significant digits at most, and with three where there is no interval.
 */
import type { PaperNumber } from "./PaperTable.ts";

/** Rounded texts with a hyphen as minus sign; renderers put their own. */
export interface PrintedNumber {
  readonly value: string;
  /** Null where there is no interval. */
  readonly low: string | null;
  readonly high: string | null;
}

const DIGITS_OF_HALF_WIDTH = 2;
const DIGITS_AT_MOST = 4;
const DIGITS_ALONE = 3;

/** The power of ten of a number's first digit, once it is rounded to `digits`. */
const magnitude = (value: number, digits: number) => Number(value.toExponential(digits - 1).split("e")[1]);

/** Decimals to print; below 0 where whole digits are rounded too. */
function decimals({ value, low, high }: PaperNumber): number {
  const widest = Math.max(Math.abs(value), Math.abs(low ?? 0), Math.abs(high ?? 0));
  if (widest === 0) return 0;
  const half = low === null || high === null ? 0 : (high - low) / 2;
  if (half === 0) return DIGITS_ALONE - 1 - magnitude(widest, DIGITS_ALONE);
  return Math.min(
    DIGITS_OF_HALF_WIDTH - 1 - magnitude(half, DIGITS_OF_HALF_WIDTH),
    DIGITS_AT_MOST - 1 - magnitude(widest, DIGITS_AT_MOST),
  );
}

function rounded(value: number, places: number): string {
  const text =
    places >= 0 ? value.toFixed(Math.min(places, 100)) : String(Math.round(value / 10 ** -places) * 10 ** -places);
  // No negative zero.
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export function printedNumber(number: PaperNumber): PrintedNumber {
  const { value, low, high } = number;
  // A whole number without an interval is a count.
  if (low === null && high === null && Number.isInteger(value)) return { value: String(value), low: null, high: null };
  const places = decimals(number);
  const print = (part: number | null) => (part === null ? null : rounded(part, places));
  return { value: rounded(value, places), low: print(low), high: print(high) };
}
