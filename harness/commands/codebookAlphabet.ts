import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ALPHABET_A, ALPHABET_B, type Alphabet } from "../../codecs/alphabets.ts";
import type { CodebookAlphabet } from "../../codecs/codebook/Codebook.ts";
import { checkAlphabet } from "../../codecs/codebook/checkAlphabet.ts";
import { ExpectedError } from "../../errors.ts";

const NAMED: Readonly<Record<string, Alphabet>> = { A: ALPHABET_A, B: ALPHABET_B };
/** One token each for the tokenizers that the files name. */
const GENERATED: Readonly<Record<string, URL>> = {
  hanzi161: new URL("../../codecs/alphabets/hanzi161.json", import.meta.url),
  hanzi512: new URL("../../codecs/alphabets/hanzi512.json", import.meta.url),
};
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
 * As many symbols as a codebook needs, of a named alphabet or of a file (characters, white space left out; or JSON with
 * `symbols` and `source`). Unless given: hanzi512 as far as it goes, else the first hanzi of Unicode; alphabet B for a
 * published code.
 * @throws ExpectedError `alphabet-unknown`, those of checkAlphabet.
 */
export function codebookAlphabet(
  { alphabet, disjoint = false }: { readonly alphabet?: string; readonly disjoint?: boolean },
  { places, entries, published }: AlphabetWanted,
): CodebookAlphabet {
  const lists = disjoint ? places : 1;
  const name = alphabet ?? (published ? "B" : lists * entries <= 512 ? "hanzi512" : undefined);
  const { symbols, source } = name === undefined ? hanzi(lists * entries) : named(name);
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

function named(name: string): Alphabet {
  const known = NAMED[name];
  if (known !== undefined) return known;
  const file = Object.hasOwn(GENERATED, name) ? fileURLToPath(GENERATED[name] as URL) : name;
  if (!existsSync(file)) {
    throw new ExpectedError({
      code: "alphabet-unknown",
      message: `there is no alphabet and no file ${JSON.stringify(name)}`,
      hint: `name one of ${[...Object.keys(NAMED), ...Object.keys(GENERATED)].join(", ")}, or a file of distinct characters`,
    });
  }
  const text = readFileSync(file, "utf8");
  if (!file.endsWith(".json")) return { symbols: [...text.replace(/\s/gu, "")], source: name };
  const { symbols, source = name } = parsedAlphabet(text, file);
  if (typeof symbols === "string") return { symbols: [...symbols], source };
  if (Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === "string")) return { symbols, source };
  throw new ExpectedError({
    code: "alphabet-symbols",
    message: `${name} holds no symbols`,
    hint: 'an alphabet as JSON is {"symbols": "一二…", "source": …}',
  });
}

function parsedAlphabet(text: string, file: string): { readonly symbols?: unknown; readonly source?: string } {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ExpectedError({
      code: "alphabet-symbols",
      message: `this is no JSON: ${(error as Error).message}`,
      where: file,
      hint: 'an alphabet as JSON is {"symbols": "一二…", "source": …}',
      cause: error,
    });
  }
}
