import type { Scored } from "../../providers/contract.ts";
import { undefinedBecause, type Value } from "../Value.ts";

/**
 * The value that `of` makes of scored texts, each with its tokens' log-probabilities; undefined where one of them was not
 * read, for the reason `unread`, or could not be scored, for the provider's reason.
 */
export function scored(
  texts: readonly (Scored | null | undefined)[],
  unread: string,
  of: (...logProbs: (readonly number[])[]) => Value,
): Value {
  const known: (readonly number[])[] = [];
  for (const text of texts) {
    if (!text) return undefinedBecause(unread);
    if ("unscored" in text) return undefinedBecause(text.unscored);
    if (text.length === 0) return undefinedBecause(unread);
    known.push(text);
  }
  return of(...known);
}
