import { z } from "zod";
import { defineCodec, type Encoding } from "./contract.ts";
import { wordsOf } from "./words.ts";

const DEFAULT_SHARE = 0.5;

/**
 * The beginning of the original, cut after a whole word (see words.ts) and the punctuation that closes it.
 * `share` in (0, 1] of the words, rounded up, 0.5 where nothing is given; or the first `words`.
 */
export const truncate = defineCodec({
  name: "truncate",
  summary: "the first `share` of the words (default 0.5, rounded up), or the first `words`",
  parameters: z
    .strictObject({ share: z.number().gt(0).lte(1).optional(), words: z.int().min(1).optional() })
    .refine(({ share, words }) => share === undefined || words === undefined, {
      path: ["words"],
      error: "give either `share` or `words`, not both",
    }),
  create: ({ share = DEFAULT_SHARE, words }) => ({
    alphabet: null,
    encode: async (inputs) =>
      inputs.map(({ original }) => firstWords(original, (total) => words ?? shareOf(share, total))),
  }),
});

/** ⌈share · total⌉, where a product that only float error lifts above a whole number (0.07 · 100) is not rounded up. */
function shareOf(share: number, total: number): number {
  return Math.ceil(share * total - 1e-9);
}

function firstWords(original: string, countOf: (total: number) => number): Encoding {
  const words = wordsOf(original);
  if (words.length === 0) return { missing: "the original has no words" };
  const count = countOf(words.length);
  if (count >= words.length) return { text: original };
  const last = words[count - 1];
  if (last === undefined) throw new Error(`cut after ${count} of ${words.length} words`);
  const closing = /^[\p{Pe}\p{Pf}\p{Po}\p{S}]*/u.exec(original.slice(last.end))?.[0] ?? "";
  return { text: original.slice(0, last.end + closing.length) };
}
