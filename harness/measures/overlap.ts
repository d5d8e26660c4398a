/**
 * How much is simply copied; not a quality, but what other values may be explained by. Both 0 to 1, in words.
 *
 *   overlap             F1 of encoding and original as bags of words (Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1)
 *   overlap.substring   words of the longest run that stands in both, as a share of the original's words (longest common
 *                       substring, Gusfield 1997, Algorithms on Strings, Trees, and Sequences, 7.4)
 *
 * Undefined where neither text has a word; the second where the original has none.
 */
import { conditionOf, needsNothing, type ScalarMeasure } from "../Measure.ts";
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

/** Length of the longest run of words that stands in both texts. */
function longestCommonRun(a: readonly string[], b: readonly string[]): number {
  let longest = 0;
  // lengths[j]: the run that ends at the word of a before, and at b[j − 1].
  let lengths = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const next = new Array<number>(b.length + 1).fill(0);
    b.forEach((other, j) => {
      if (other === word) next[j + 1] = (lengths[j] as number) + 1;
      longest = Math.max(longest, next[j + 1] as number);
    });
    lengths = next;
  }
  return longest;
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
  ...needsNothing,
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.text;
    if (original === undefined) return undefinedBecause("the original was not read");
    const total = words(original).length + words(condition.text).length;
    if (total === 0) return undefinedBecause("neither text has a word");
    return defined((2 * overlapWords(original, condition.text)) / total);
  },
};

export const overlapSubstring: ScalarMeasure = {
  ...overlap,
  name: "overlap.substring",
  definition: "longest run of words shared with the original, as a share of the original's words",
  reference: "Gusfield 1997, section 7.4",
  of: (condition, item) => {
    const original = conditionOf(item, "original")?.text;
    if (original === undefined) return undefinedBecause("the original was not read");
    const all = words(original);
    if (all.length === 0) return undefinedBecause("the original has no word");
    return defined(longestCommonRun(all, words(condition.text)) / all.length);
  },
};
