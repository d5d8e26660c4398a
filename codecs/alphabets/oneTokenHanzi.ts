/** Alphabets of hanzi that cost one token each, as `isoglyph tokens --alphabet` wrote them. */
import type { Alphabet, AlphabetFile } from "../alphabets.ts";
import hanzi161 from "./hanzi161.json" with { type: "json" };
import hanzi512 from "./hanzi512.json" with { type: "json" };
import hanziSmollm2 from "./hanziSmollm2.json" with { type: "json" };

export function alphabetOf({ symbols, source }: Pick<AlphabetFile, "symbols" | "source">): Alphabet {
  return { symbols: [...symbols], source };
}

/**
 * 512 hanzi that are one token each in cl100k, o200k, Qwen3, Gemma 3, Llama 3 and DeepSeek-V3. In strings some pairs
 * are a token together, so that n symbols cost at most n tokens, seldom fewer.
 */
export const HANZI_512: Alphabet = alphabetOf(hanzi512);

/** 161 hanzi, the most that were found, of which n symbols cost exactly n tokens in each of the same six, in any order. */
export const HANZI_161: Alphabet = alphabetOf(hanzi161);

/** 74 hanzi of which n symbols cost exactly n tokens in SmolLM2, whose vocabulary holds 77 hanzi in all. */
export const HANZI_SMOLLM2: Alphabet = alphabetOf(hanziSmollm2);
