import { z } from "zod";
import { defineCodec, type Encoding } from "./contract.ts";
import { joinAcrossGap, opensSentence } from "./joinAcrossGap.ts";
import { ARTICLES, STOP_WORDS } from "./stopWords.ts";
import { wordsOf } from "./words.ts";

const LISTS = { articles: ARTICLES, "stop-words": STOP_WORDS } as const;
const ONE_WORD = z.string().refine(isOneWord, "each must be one word");

/**
 * The original without the words of a list: whole words (see words.ts), whatever their case; homographs go with them
 * ("vitamin A" among the articles). What stays keeps its characters; the gap is closed as an editor would
 * (joinAcrossGap.ts), and where a sentence loses a capitalised first word, the new first word gets the capital.
 *
 * `stop-words` holds no negations and no quantities: without those the text would state another fact (stopWords.ts).
 */
export const dropWords = defineCodec({
  name: "drop-words",
  summary: "the original without the words of `list`: articles, stop-words, or an array of words",
  parameters: z.strictObject({
    list: z.union([z.enum(["articles", "stop-words"]), z.array(ONE_WORD).min(1)], {
      error: ({ input }) =>
        input === undefined ? undefined : 'expected "articles", "stop-words" or a non-empty array of single words',
    }),
  }),
  create: ({ list }) => {
    const dropped = new Set((typeof list === "string" ? LISTS[list] : list).map(folded));
    return {
      alphabet: null,
      encode: async (inputs) => inputs.map(({ original }) => withoutWords(original, dropped)),
    };
  },
});

function withoutWords(original: string, dropped: ReadonlySet<string>): Encoding {
  const words = wordsOf(original);
  if (words.length > 0 && words.every((word) => dropped.has(folded(word.text)))) {
    return { missing: "every word of the original is dropped" };
  }
  let kept = "";
  let end = 0;
  let afterGap = false;
  let capitalise = false;
  for (const word of words) {
    const between = original.slice(end, word.start);
    kept = afterGap ? joinAcrossGap(kept, between) : kept + between;
    end = word.end;
    afterGap = dropped.has(folded(word.text));
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

/** The form that words are compared in. */
function folded(word: string): string {
  return word.toLowerCase().replaceAll("’", "'");
}

function isOneWord(text: string): boolean {
  return wordsOf(text)[0]?.text === text;
}
