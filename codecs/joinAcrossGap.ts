/** How a text closes over a word that was taken out of it. */

const PAIRS = ['""', "''", "“”", "‘’", "«»", "„“", "()", "[]", "{}", "（）", "「」", "『』", "《》"];
const OPENING = /^[\p{Ps}\p{Pi}\p{Pd}"']$/u;
const PAUSE = /^[,;:—–，、；：]$/u;
const STOP = /^[.!?…。！？]$/u;
const LEADING_PAUSE = /^[,;:，、；：]+\s*/u;
const LEADING_STOP = /^[.!?…。！？]+\s*/u;

/**
 * `left` and `right` with the word between them gone: one space instead of two, none before closing punctuation or
 * after opening, no second comma or full stop, no empty quotes or brackets. A line break stays.
 *
 * @param left what is kept so far.
 * @param right the punctuation and space that followed the word, up to the next word or the end.
 */
export function joinAcrossGap(left: string, right: string): string {
  const kept = left.trimEnd();
  const last = kept.slice(-1);
  const before = left.slice(kept.length);
  // Nothing stands before the word in its line or its brackets.
  const opens = kept === "" || before.includes("\n") || (before === "" && OPENING.test(last));

  if (/^\S/u.test(right)) {
    if (before === "" && PAIRS.includes(last + right.slice(0, 1))) {
      return joinAcrossGap(left.slice(0, -1), right.slice(1));
    }
    const stopped = opens || STOP.test(last);
    if (LEADING_PAUSE.test(right) && (stopped || PAUSE.test(last))) {
      return joinAcrossGap(left, right.replace(LEADING_PAUSE, ""));
    }
    if (LEADING_STOP.test(right)) {
      if (stopped) return joinAcrossGap(left, right.replace(LEADING_STOP, ""));
      if (PAUSE.test(last)) return joinAcrossGap(kept.slice(0, -1), right);
    }
    return kept + right;
  }

  const rest = right.trimStart();
  return opens ? left + rest : kept + gap(before, right.slice(0, right.length - rest.length)) + rest;
}

/** Whether the word at `start` is the first of a sentence or of a quotation. */
export function opensSentence(text: string, start: number): boolean {
  SENTENCE_START.lastIndex = start;
  return SENTENCE_START.test(text);
}

const SENTENCE_START = /(?<=(?:^|\n|[.!?…:。！？：][\p{Pe}\p{Pf}"']*)\s*[\p{Ps}\p{Pi}"']*|[\p{Pi}"'])/uy;

/** The white space that stands for what was before the word and after it. */
function gap(before: string, after: string): string {
  const lineBreak = [before, after].find((space) => space.includes("\n"));
  return lineBreak ?? (before + after === "" ? "" : " ");
}
