/** Patterns of a tokenizer's definition: plain strings, or regular expressions in Oniguruma's syntax. */
import { z } from "zod";
import { PATTERNS } from "./knownPatterns.ts";
import { inside, malformed, type Place, read, unsupported } from "./tokenizerFields.ts";
import { SplitPreTokenizer } from "./tokenizersLibrary.ts";

export const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type Behavior = (typeof BEHAVIORS)[number];

export interface Pattern {
  readonly expression: RegExp;
  /** Whether its time is known to grow little with the text; an unknown one runs with a time limit. */
  readonly trusted: boolean;
}

/** Real ones take up to 1,000 characters. */
const MAX_LENGTH = 10_000;
const patternSchema = z.union([
  z.strictObject({ String: z.string().max(MAX_LENGTH) }),
  z.strictObject({ Regex: z.string().max(MAX_LENGTH) }),
]);

/** Contractions in any case. Oniguruma also folds U+017F (ſ) to s; the library folds ASCII only. */
const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const OTHER_CONTRACTIONS = "'(?i:[sdmt]|ll|ve|re)";
/** Possessive where it makes no difference: what follows can't begin with what was consumed. */
const HARMLESS: readonly (readonly [string, string])[] = [
  [CONTRACTIONS, "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"],
  [OTHER_CONTRACTIONS, "'(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])"],
  ["[^\\r\\n\\p{L}\\p{N}]?+\\p{L}", "[^\\r\\n\\p{L}\\p{N}]?\\p{L}"],
  [" ?[^\\s\\p{L}\\p{N}]++[\\r\\n]", " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]"],
];
/** A quantifier made possessive, or a group made atomic: the library would take both for greedy ones. */
const POSSESSIVE = /(?<!\\)(?:\\\\)*(?:[?*+]\+|\(\?>)/;

/**
 * Translates an expression of Oniguruma (Ruby syntax, as `tokenizers` uses it) to JavaScript's.
 * @throws ExpectedError `tokenizer-unsupported`.
 */
export function compile(source: string, place: Place): RegExp {
  let known = source;
  for (const [from, to] of HARMLESS) known = known.replaceAll(from, () => to);
  // Inside a class, a plus after a question mark is a character.
  if (POSSESSIVE.test(known.replace(/\[(?:\\.|[^\]\\])*\]/gs, "[]"))) {
    unsupported(place, source, ["greedy and lazy quantifiers, no possessive ones and no atomic groups"]);
  }
  try {
    const { pattern } = new SplitPreTokenizer({
      type: "Split",
      pattern: { Regex: known },
      behavior: "Isolated",
      invert: false,
    });
    if (pattern === null) throw new SyntaxError("no pattern");
    // Some errors show only when the expression is first run, for each width of characters.
    for (const probe of ["", "a", "字"]) new RegExp(pattern.source, pattern.flags).exec(probe);
    return pattern;
  } catch (error) {
    return unsupported(place, source, [
      `regular expressions that JavaScript can run (${error instanceof Error ? error.message.slice(0, 200) : "error"})`,
    ]);
  }
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const TRUSTED: ReadonlySet<string> = new Set(Object.values(PATTERNS));

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function readPattern(value: unknown, place: Place): Pattern {
  const given = read(patternSchema, value, place);
  if ("String" in given) {
    if (given.String === "") malformed(inside(place, "String"), "", "empty");
    return { expression: new RegExp(escaped(given.String), "gu"), trusted: true };
  }
  return { expression: compile(given.Regex, inside(place, "Regex")), trusted: TRUSTED.has(given.Regex) };
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly match: boolean;
}

/** All of the text as stretches that match, and what lies between. */
function stretches(text: string, expression: RegExp): Stretch[] {
  const all: Stretch[] = [];
  let from = 0;
  for (const { index, 0: found } of text.matchAll(expression)) {
    if (index > from) all.push({ start: from, end: index, match: false });
    all.push({ start: index, end: index + found.length, match: true });
    from = index + found.length;
  }
  if (from < text.length) all.push({ start: from, end: text.length, match: false });
  return all;
}

/** Cuts `text` where `expression` matches, as `tokenizers` does (normalizer.rs, split). Empty pieces are left out. */
export function split(
  text: string,
  expression: RegExp,
  behavior: Behavior,
  invert = false,
): { text: string; at: number }[] {
  const all = stretches(text, expression).map((stretch) => ({ ...stretch, match: stretch.match !== invert }));
  let kept: { start: number; end: number }[];
  if (behavior === "Removed") kept = all.filter(({ match }) => !match);
  else if (behavior === "Isolated") kept = all;
  else if (behavior === "Contiguous") kept = joined(all, (one, before) => one.match === before.match);
  else if (behavior === "MergedWithPrevious") kept = joined(all, (one, before) => one.match && !before.match);
  else kept = joined(all, (one, before) => before.match && !one.match);
  return kept
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => ({ text: text.slice(start, end), at: start }));
}

/** Joins a stretch to the one before it where `join` says so of the two. */
function joined(
  all: readonly Stretch[],
  join: (one: Stretch, before: Stretch) => boolean,
): { start: number; end: number }[] {
  const out: { start: number; end: number }[] = [];
  all.forEach((one, i) => {
    const last = out.at(-1);
    const before = all[i - 1];
    if (last && before && join(one, before)) last.end = one.end;
    else out.push({ start: one.start, end: one.end });
  });
  return out;
}
