/**
 * Token F1 of encoding and original as bags of words (Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1): how much is
 * simply copied. 0 to 1. Not a quality: it says which other values copying may explain.
 */
import { conditionOf, needsTokenizer, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { words } from "../words.ts";

/** Words that both texts have, counted with multiplicity. */
export function overlapWords(a: string, b: string): number {
  const left = new Map<string, number>();
  for (const word of words(a)) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of words(b)) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  return shared;
}

export const overlap: ScalarMeasure = {
  kind: "scalar",
  descriptive: true,
  name: "overlap",
  definition: "word F1 with the original",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1",
  ...needsTokenizer,
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.text;
    if (original === undefined) return undefinedBecause("the original was not read");
    const total = words(original).length + words(condition.text).length;
    if (total === 0) return undefinedBecause("neither text has a word");
    return defined((2 * overlapWords(original, condition.text)) / total);
  },
};
