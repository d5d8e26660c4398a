/** The vocabulary in GGUF metadata: texts, kinds, and which ids stand for what. */

import type { Gguf } from "../formats/gguf.ts";
import { damaged, list } from "./ggufFields.ts";

/** Kinds of tokens (`tokenizer.ggml.token_type`). */
const NORMAL = 1;
export const UNKNOWN = 2;
export const CONTROL = 3;
export const USER_DEFINED = 4;
export const BYTE = 6;

export interface GgufVocabulary {
  readonly path: string;
  readonly tokens: readonly string[];
  readonly kinds: readonly number[];
  /** Log-probabilities or ranks; null where the file has none. */
  readonly scores: readonly number[] | null;
  readonly ids: ReadonlyMap<string, number>;
}

export function ggufVocabulary(gguf: Gguf): GgufVocabulary {
  const tokens = list(gguf, "tokens", "string");
  const sameLength = (name: string): readonly number[] => {
    const values = list(gguf, name, "number");
    if (values.length !== tokens.length)
      damaged(gguf.path, `tokenizer.ggml.${name}`, `${values.length} long`, `not ${tokens.length} like the tokens`);
    return values;
  };
  const has = (name: string) => gguf.metadata.has(`tokenizer.ggml.${name}`);
  const scores = has("scores") ? sameLength("scores") : null;
  const wrong = scores?.findIndex((score) => !Number.isFinite(score)) ?? -1;
  if (wrong >= 0) damaged(gguf.path, `tokenizer.ggml.scores[${wrong}]`, scores?.[wrong], "not a finite number");
  return {
    path: gguf.path,
    tokens,
    // Files without kinds are those of encoders converted early on.
    kinds: has("token_type") ? sameLength("token_type") : tokens.map(() => NORMAL),
    scores,
    ids: new Map(tokens.map((token, id) => [token, id])),
  };
}

/** Tokens that text can become: no control tokens, and not the unknown. Kinds that are not known count as text. */
export function textTokens({ tokens, kinds }: GgufVocabulary): [token: string, id: number][] {
  return tokens
    .map((token, id): [string, number] => [token, id])
    .filter(([token, id]) => token !== "" && kinds[id] !== CONTROL && kinds[id] !== UNKNOWN);
}
