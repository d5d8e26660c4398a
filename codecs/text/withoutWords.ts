import type { Encoding } from "../contract.ts";
import { joinAcrossGap, opensSentence } from "../joinAcrossGap.ts";
import { type Word, wordsOf } from "../words.ts";

/**
 * The original without some of its words. What stays keeps its characters; the gap is closed as an editor would
 * (joinAcrossGap.ts), and where a sentence loses a capitalised first word, the new first word gets the capital.
 */
export function withoutWords(original: string, isDropped: (word: Word, index: number) => boolean): Encoding {
  const words = wordsOf(original);
  const dropped = words.map(isDropped);
  if (words.length > 0 && dropped.every(Boolean)) return { missing: "every word of the original is dropped" };
  let kept = "";
  let end = 0;
  let afterGap = false;
  let capitalise = false;
  for (const [index, word] of words.entries()) {
    const between = original.slice(end, word.start);
    kept = afterGap ? joinAcrossGap(kept, between) : kept + between;
    end = word.end;
    afterGap = dropped[index] === true;
    if (afterGap) {
      capitalise ||= /^\p{Lu}/u.test(word.text) && opensSentence(original, word.start);
    } else {
      kept += capitalise ? withCapital(word.text) : word.text;
      capitalise = false;
    }
  }
  const tail = original.slice(end);
  return { text: afterGap ? joinAcrossGap(kept, tail).trimEnd() : kept + tail };
}

/** A word that has capitals of its own (iPhone) stays as it is. */
function withCapital(word: string): string {
  if (/\p{Lu}/u.test(word)) return word;
  return word.replace(/^./su, (first) => first.toUpperCase());
}
