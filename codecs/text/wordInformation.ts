/** What the observed model makes of each word of a text: the log-probabilities of its tokens, put down to words. */
import { ExpectedError } from "../../errors.ts";
import type { Provider, Tokenizer } from "../../providers/contract.ts";
import { wordsOf } from "../words.ts";

export interface AskedText {
  readonly text: string;
  /** What the model has read before; may be empty. */
  readonly before: string;
}

/**
 * Tokens that a text's first token can follow: what the tokenizer puts before every text, or where that is nothing, what
 * ends a text, which stands between texts in training. Empty where the model has neither.
 */
export function textBegin({ begin, end }: Tokenizer): readonly number[] {
  return begin.length > 0 ? begin : end.slice(0, 1);
}

/**
 * Log-probability of each word, nats: the sum over its tokens, given all before them. A token that holds parts of
 * several words counts in equal parts; tokens of punctuation and space alone count for no word.
 * @returns a number a word of wordsOf; null where the tokenizer does not give the text back.
 * @throws ExpectedError `capability-missing` where the model shows no log-probabilities.
 */
export async function wordLogProbs(
  model: Provider,
  asked: readonly AskedText[],
): Promise<readonly (readonly number[] | null)[]> {
  const { tokenizer, identity } = model;
  const begin = textBegin(tokenizer);
  const rows = asked.map(({ text, before }) => {
    const prefix = [...begin, ...tokenizer.encode(before)];
    if (prefix.length === 0) throw noBegin(identity.name);
    return [
      { ids: prefix, parent: null },
      { ids: tokenizer.encode(text, { continues: before !== "" }), parent: 0 },
    ];
  });
  // A text without tokens has no words either.
  const scored = rows.flatMap((segments, row) => (segments[1]?.ids.length ? [{ row, segment: 1 }] : []));
  const read = await model.read({ rows, states: [], pools: [], scores: scored, comparisons: [] });
  const scores = new Map(scored.map(({ row }, i) => [row, read.scores[i] as readonly number[]]));
  return asked.map(({ text }, row) => {
    const ends = tokenEnds(tokenizer, rows[row]?.[1]?.ids ?? [], text);
    return ends && byWord(text, ends, scores.get(row) ?? []);
  });
}

/** Where each token ends in the text, in UTF-16 units; null where the tokens are not the text. */
function tokenEnds(tokenizer: Tokenizer, ids: readonly number[], text: string): readonly number[] | null {
  if (tokenizer.decode(ids) !== text) return null;
  return ids.map((_, i) => {
    const part = tokenizer.decode(ids.slice(0, i + 1));
    // A token may end inside a character, which then decodes to something else.
    let end = 0;
    while (end < part.length && part[end] === text[end]) end++;
    return end;
  });
}

function byWord(text: string, ends: readonly number[], logProbs: readonly number[]): readonly number[] {
  const words = wordsOf(text);
  const sums = words.map(() => 0);
  let from = 0;
  for (const [i, end] of ends.entries()) {
    // A token that completes no character belongs to the one that it begins.
    const until = Math.max(end, from + 1);
    const touched = words.flatMap((word, index) => (word.start < until && word.end > from ? [index] : []));
    for (const index of touched) sums[index] = (sums[index] as number) + (logProbs[i] as number) / touched.length;
    from = end;
  }
  return sums;
}

function noBegin(name: string): ExpectedError {
  return new ExpectedError({
    code: "capability-missing",
    message: `${name} has no token to begin a text with, so the first word has no probability`,
    hint: "choose a model whose tokenizer has a token that begins or ends texts",
  });
}
