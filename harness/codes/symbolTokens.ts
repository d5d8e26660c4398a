import { ALPHABET_B } from "../../codecs/alphabets.ts";
import type { CodeKind } from "./codeKinds.ts";

/** Counts the tokens of a text, none added before or after. */
export interface TokenCounter {
  readonly name: string;
  count(text: string): number;
}

/** What codes are written in. */
export interface SymbolSet {
  readonly symbols: readonly string[];
  readonly source: string;
}

export interface CostedSymbols {
  /** Tokens a code, mean over sentences, by tokenizer; null where there are too few symbols to write it. */
  readonly perCode: Readonly<Record<string, number | null>>;
  /** Which symbols were counted. */
  readonly alphabet: string;
}

/** A mean over as many codes is exact enough for a price. */
const COUNTED = 200;

/**
 * What codes cost when they are written, by tokenizer. A code as published is written as published: entry k as hanzi
 * k mod 56 of alphabet B.
 */
export function symbolTokens(
  codes: Uint16Array,
  sizes: readonly number[],
  form: CodeKind["form"],
  set: SymbolSet,
  tokenizers: readonly TokenCounter[],
): CostedSymbols {
  const published = form === "as published";
  const { symbols, source } = published ? ALPHABET_B : set;
  const most = Math.max(...sizes);
  const enough = published || most <= symbols.length;
  const places = sizes.length;
  const texts = Array.from({ length: Math.min(COUNTED, codes.length / places) }, (_, i) =>
    Array.from(codes.subarray(i * places, (i + 1) * places), (index) => symbols[index % symbols.length]).join(""),
  );
  const mean = (count: TokenCounter["count"]) => texts.reduce((sum, text) => sum + count(text), 0) / texts.length;
  return {
    perCode: Object.fromEntries(tokenizers.map(({ name, count }) => [name, enough ? mean(count) : null])),
    alphabet: published ? "B, by index mod 56" : `${most} of the ${source}`,
  };
}
