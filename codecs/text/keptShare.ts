import type { Encoding } from "../contract.ts";
import { wordsOf } from "../words.ts";
import { withoutWords } from "./withoutWords.ts";

/** What a code drops or keeps whole: words of a text, as indices in order. */
export type Unit = readonly number[];

/**
 * The original with the `keep` share of its units that has the highest scores: rounded to the nearest number of units,
 * at least one; of equal scores the earlier stays.
 * @param scores one a unit
 */
export function keptShare(original: string, units: readonly Unit[], scores: readonly number[], keep: number): Encoding {
  if (units.length === 0) return { missing: "the original has no words" };
  if (units.length !== scores.length) throw new Error(`${scores.length} scores of ${units.length} units`);
  const unknown = scores.find((score) => !Number.isFinite(score));
  if (unknown !== undefined) return { missing: `a word's score is ${unknown}` };
  const order = [...units.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const count = Math.max(1, Math.round(keep * units.length));
  const kept = new Set(order.slice(0, count).flatMap((unit) => units[unit] as Unit));
  return withoutWords(original, (_, index) => !kept.has(index));
}

/** Each word by itself. */
export function wordUnits(original: string): readonly Unit[] {
  return wordsOf(original).map((_, index) => [index]);
}
