/**
 * What codecs that work on words call a word: a run of letters, marks and digits, joined by single apostrophes,
 * hyphens, full stops and the like between them (`don't`, `state-of-the-art`, `a.m.`, `and/or`, `1,000`). In scripts
 * written without spaces each hanzi and each kana is a word. Punctuation and symbols alone are none.
 *
 * By rule rather than by `Intl.Segmenter`, whose cuts in hanzi depend on the dictionary of the ICU at hand.
 */
const UNSPACED = String.raw`[[\p{L}\p{N}]&&[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]]`;
const LETTERS = String.raw`[[\p{L}\p{M}\p{N}]--${UNSPACED}]+`;
const JOINER = String.raw`(?:[.'’‐‑\-\/_@\&]|(?<=\p{N})[,:](?=\p{N}))`;
const WORD = new RegExp(`${UNSPACED}|${LETTERS}(?:${JOINER}${LETTERS})*`, "gv");

export interface Word {
  readonly text: string;
  /** Place in the text, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The words of a text, in order. */
export function wordsOf(text: string): readonly Word[] {
  return [...text.matchAll(WORD)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}
