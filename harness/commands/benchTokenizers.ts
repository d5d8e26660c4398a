import { ExpectedError } from "../../errors.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { locateAtHand } from "../../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../../providers/embedded/sources/modelReference.ts";
import type { SymbolSet, TokenCounter } from "../codes/symbolTokens.ts";
import { type CountingTokenizer, openTokenizer, TOKENIZER_NAMES } from "./namedTokenizers.ts";
import { oneTokenCandidates } from "./oneTokenHanzi.ts";

/** The tokenizers at hand without asking anybody: those known by name that are installed, and the default model's. */
export async function tokenizersAtHand(): Promise<readonly CountingTokenizer[]> {
  const cached = locateAtHand(parseModelReference(DEFAULT_MODEL)) !== null;
  const tokenizers: CountingTokenizer[] = [];
  for (const name of [...(cached ? [DEFAULT_MODEL] : []), ...TOKENIZER_NAMES]) {
    try {
      tokenizers.push(await openTokenizer(name, () => {}));
    } catch (error) {
      if (!(error instanceof ExpectedError) || error.code !== "tokenizer-not-installed") throw error;
    }
  }
  return tokenizers;
}

export function counters(tokenizers: readonly CountingTokenizer[]): readonly TokenCounter[] {
  return tokenizers.map(({ name, encode }) => ({ name, count: (text) => encode(text).length }));
}

/** The hanzi that are one token each in both of OpenAI's tokenizers, the commonest first. */
export async function oneTokenSymbols(): Promise<SymbolSet> {
  const names = ["o200k", "cl100k"];
  const tokenizers = await Promise.all(names.map((name) => openTokenizer(name, () => {})));
  return { symbols: oneTokenCandidates(tokenizers), source: `hanzi of one token in ${names.join(" and ")}` };
}
