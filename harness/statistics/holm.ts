/**
 * Holm's step-down adjustment for m tests (Holm 1979, Scand J Statist 6:65–70): with p_(1) ≤ … ≤ p_(m),
 *
 *   adjusted p of rank i = max over j ≤ i of min(1, (m − j + 1) · p_(j)).
 *
 * Rejecting where the adjusted p is at most α keeps the chance of any false rejection at α, whatever the dependence.
 */

/** p: [m], each from 0 to 1, in any order; returns [m] in the same order. Throws RangeError for NaN and others. */
export function holm(p: readonly number[]): number[] {
  const bad = p.findIndex((value) => !(value >= 0 && value <= 1));
  if (bad >= 0) throw new RangeError(`p-value ${bad} is ${p[bad]}, not a number from 0 to 1`);
  const adjusted = new Array<number>(p.length).fill(0);
  let highest = 0;
  const ranked = p.map((value, index) => ({ value, index })).sort((one, other) => one.value - other.value);
  for (const [rank, { value, index }] of ranked.entries()) {
    highest = Math.max(highest, Math.min(1, (p.length - rank) * value));
    adjusted[index] = highest;
  }
  return adjusted;
}
