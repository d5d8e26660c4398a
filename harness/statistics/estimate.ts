/** A computed value, or why there is none. A missing estimate is never a number. */
export type Estimate<Value> =
  | ({ readonly defined: true } & Value)
  | { readonly defined: false; readonly reason: string };

/** The reason of an estimate that no 64-bit float can hold. */
export const BEYOND_RANGE = "the result is beyond the range of 64-bit floats";

/** Throws RangeError unless `level`, the coverage of a two-sided interval, lies strictly between 0 and 1. */
export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`an interval's level must lie strictly between 0 and 1, not ${level}`);
  }
}
