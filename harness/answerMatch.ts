/**
 * Whether two answers match, as the SQuAD evaluation script decides it (Rajpurkar et al. 2016, arXiv 1606.05250,
 * section 6.1; version 2.0 of the script for answers that normalise to nothing):
 *
 *   normalised   lower case, without ASCII punctuation, without the articles a, an, the, white space as single spaces
 *   exact        both normalise to the same text
 *   F1           2pr/(p + r) over normalised words as bags; where either has no word, 1 if neither has, else 0
 */
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;
/** Words as Python's \b sees them: letters and digits of all scripts. */
const ARTICLES = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

export function normaliseAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(PUNCTUATION, "")
    .replace(ARTICLES, " ")
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");
}

export function exactMatch(said: string, gold: string): boolean {
  return normaliseAnswer(said) === normaliseAnswer(gold);
}

/** 0 to 1. */
export function answerF1(said: string, gold: string): number {
  const wordsOf = (text: string) => normaliseAnswer(text).split(" ").filter(Boolean);
  const [ours, theirs] = [wordsOf(said), wordsOf(gold)];
  if (ours.length === 0 || theirs.length === 0) return ours.length === theirs.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of theirs) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of ours) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  return (2 * shared) / (ours.length + theirs.length);
}

/** Whether the normalised gold answer stands in what was said, as whole words (Mallen et al. 2023, arXiv 2212.10511, 2). */
export function containsAnswer(said: string, gold: string): boolean {
  const wanted = normaliseAnswer(gold);
  return wanted !== "" && ` ${normaliseAnswer(said)} `.includes(` ${wanted} `);
}
