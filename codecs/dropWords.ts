import { z } from "zod";
import { defineCodec } from "./contract.ts";
import { ARTICLES, STOP_WORDS } from "./stopWords.ts";
import { withoutWords } from "./text/withoutWords.ts";
import { wordsOf } from "./words.ts";

const LISTS = { articles: ARTICLES, "stop-words": STOP_WORDS } as const;
const ONE_WORD = z.string().refine(isOneWord, "each must be one word");

/**
 * The original without the words of a list: whole words (see words.ts), whatever their case; homographs go with them
 * ("vitamin A" among the articles). How gaps are closed: withoutWords.ts.
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
      encode: async (inputs) =>
        inputs.map(({ original }) => withoutWords(original, ({ text }) => dropped.has(folded(text)))),
    };
  },
});

/** The form that words are compared in. */
function folded(word: string): string {
  return word.toLowerCase().replaceAll("’", "'");
}

function isOneWord(text: string): boolean {
  return wordsOf(text)[0]?.text === text;
}
