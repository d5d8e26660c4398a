import { namedAlphabet } from "../../codecs/alphabets/namedAlphabet.ts";
import type { Alphabet } from "../../codecs/alphabets.ts";
import type { CodebookAlphabet } from "../../codecs/codebook/Codebook.ts";
import { checkAlphabet } from "../../codecs/codebook/checkAlphabet.ts";

/** CJK Unified Ideographs, the first block (Unicode 14). */
const FIRST_HANZI = 0x4e00;
const LAST_HANZI = 0x9ffc;

export interface AlphabetWanted {
  readonly places: number;
  readonly entries: number;
  /** A published code shares symbols where there are too few. */
  readonly published: boolean;
}

/**
 * As many symbols as a codebook needs, of a named alphabet or of a file. Unless given: hanzi-512 as far as it goes, else the first hanzi of Unicode; alphabet B for a
 * published code.
 * @throws ExpectedError those of namedAlphabet and checkAlphabet.
 */
export function codebookAlphabet(
  { alphabet, disjoint = false }: { readonly alphabet?: string; readonly disjoint?: boolean },
  { places, entries, published }: AlphabetWanted,
): CodebookAlphabet {
  const lists = disjoint ? places : 1;
  const name = alphabet ?? (published ? "b" : lists * entries <= 512 ? "hanzi-512" : undefined);
  const { symbols, source } = name === undefined ? hanzi(lists * entries) : namedAlphabet(name, ".");
  const wraps = published && symbols.length < entries;
  const each = wraps ? symbols.length : Math.min(entries, Math.floor(symbols.length / lists));
  const cut = Array.from({ length: lists }, (_, list) => symbols.slice(list * each, (list + 1) * each));
  const made = { symbols: cut, source, wraps };
  checkAlphabet(
    made,
    Array.from({ length: places }, () => entries),
  );
  return made;
}

function hanzi(count: number): Alphabet {
  const most = Math.min(count, LAST_HANZI - FIRST_HANZI + 1);
  const symbols = Array.from({ length: most }, (_, i) => String.fromCodePoint(FIRST_HANZI + i));
  return { symbols, source: `the first ${most} hanzi of Unicode, from U+4E00 on` };
}
