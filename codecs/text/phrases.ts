import { STOP_WORDS } from "../stopWords.ts";
import { wordsOf } from "../words.ts";
import type { Unit } from "./keptShare.ts";

const FUNCTION_WORDS: ReadonlySet<string> = new Set(STOP_WORDS);

/**
 * A text's words in phrases: a phrase ends at punctuation, at a line's end, and before a function word that follows
 * another word ("The evening ferry | to the island | of Brenna"). By rule, in place of a parser's noun phrases.
 */
export function phraseUnits(original: string): readonly Unit[] {
  const phrases: number[][] = [];
  let end = 0;
  let content = false;
  for (const [index, { text, start, end: next }] of wordsOf(original).entries()) {
    const isFunction = FUNCTION_WORDS.has(text.toLowerCase().replaceAll("’", "'"));
    const breaks = /[\p{P}\p{S}\n]/u.test(original.slice(end, start)) || (isFunction && content);
    const current = phrases.at(-1);
    if (current === undefined || breaks) {
      phrases.push([index]);
      content = false;
    } else {
      current.push(index);
    }
    content ||= !isFunction;
    end = next;
  }
  return phrases;
}
