/** Alphabets of hanzi that cost exactly one token each. */
import type { AlphabetFile } from "../../codecs/alphabets.ts";
import { ExpectedError } from "../../errors.ts";
import type { CountingTokenizer } from "./namedTokenizers.ts";

/** CJK Unified Ideographs, the block that holds all that is in daily use. */
const FIRST = 0x4e00;
const LAST = 0x9fff;
/** Symbols of a string that is encoded to check a whole alphabet. */
const CHECKED_LENGTH = 64;

/** What is asked of a tokenizer. */
type Encoder = Pick<CountingTokenizer, "name" | "digest" | "encode">;

export interface OneTokenOptions {
  /** One token alone is enough; otherwise no string of the symbols may cost another number of tokens than symbols. */
  readonly alone: boolean;
  readonly progress?: (symbols: number) => void;
}

/** Hanzi of U+4E00–9FFF that each tokenizer encodes as one token, by token id of the first. */
export function oneTokenCandidates(tokenizers: readonly Encoder[]): readonly string[] {
  const found: { symbol: string; id: number }[] = [];
  for (let point = FIRST; point <= LAST; point++) {
    const symbol = String.fromCodePoint(point);
    if (!tokenizers.every(({ encode }) => encode(symbol).length === 1)) continue;
    found.push({ symbol, id: tokenizers[0]?.encode(symbol)[0] as number });
  }
  // Ids differ but for unknown hanzi, which all become the same token and so are no symbols.
  const counts = Map.groupBy(found, ({ id }) => id);
  return found
    .filter(({ id }) => counts.get(id)?.length === 1)
    .sort((a, b) => a.id - b.id)
    .map(({ symbol }) => symbol);
}

/**
 * `size` hanzi that are one token each in all tokenizers, by token id of the first: with `alone` the first ones; else
 * those among which no merge joins two, the rarest preferred, since merges are learned from what is frequent. Where
 * these do not suffice, those that join the fewest others are, and one makes place for two as long as that can be (a
 * maximum independent set is out of reach; what is found is maximal).
 * @throws ExpectedError `alphabet-too-large`, with the number that was found.
 */
export function oneTokenHanzi(
  tokenizers: readonly Encoder[],
  size: number,
  { alone, progress = () => {} }: OneTokenOptions,
): AlphabetFile {
  const candidates = oneTokenCandidates(tokenizers);
  const places = alone ? [...candidates.keys()].slice(0, size) : mergeless(candidates, tokenizers, size, progress);
  const names = tokenizers.map(({ name }) => name).join(", ");
  if (places.length < size) {
    const [kind, hint] = alone
      ? ["", ""]
      : [
          " and that no merge joins",
          `; with --alone, which allows merges in strings, there are up to ${candidates.length}`,
        ];
    throw new ExpectedError({
      code: "alphabet-too-large",
      message: `found ${places.length} hanzi that are one token each${kind} in ${names}, not ${size}`,
      hint: `ask for at most ${places.length} or for fewer tokenizers${hint}`,
    });
  }
  const symbols = places.toSorted((a, b) => a - b).map((place) => candidates[place] as string);
  const strings = alone
    ? "; in strings some pairs join, so that n symbols cost at most n"
    : ", alone and in any string";
  return {
    symbols: symbols.join(""),
    source: `${size} of the hanzi U+4E00 to U+9FFF that are one token each in ${names}${strings}; by token id of the first (isoglyph tokens --alphabet ${size}${alone ? " --alone" : ""})`,
    tokenizers: tokenizers.map(({ name, digest }) => ({ name, digest })),
    merges: alone,
  };
}

/** Indices of candidates that stay apart in every string; at most `size`. */
function mergeless(
  candidates: readonly string[],
  tokenizers: readonly Encoder[],
  size: number,
  progress: (symbols: number) => void,
): number[] {
  const joins = joinChecker(candidates, tokenizers);
  const rarest = [...candidates.keys()].filter((place) => !joins(place, place)).reverse();
  let made = inOrder(rarest, joins, size, progress);
  if (made.length < size) {
    const counts = new Map(rarest.map((place) => [place, rarest.filter((other) => joins(place, other)).length]));
    const fewest = rarest.toSorted((a, b) => (counts.get(a) as number) - (counts.get(b) as number));
    made = oneForTwo(inOrder(fewest, joins, size, progress), fewest, joins, size, progress);
  }
  // Pairs that stay apart could still join where they are longer; what breaks is left out.
  for (;;) {
    const broken = firstBroken(made, candidates, tokenizers);
    if (broken === null) return made;
    made.splice(made.indexOf(broken), 1);
  }
}

/** Takes one after another, unless it joins one that was taken. */
function inOrder(
  order: readonly number[],
  joins: (a: number, b: number) => boolean,
  size: number,
  progress: (symbols: number) => void,
): number[] {
  const taken: number[] = [];
  for (const place of order) {
    if (taken.length === size) break;
    if (!taken.some((other) => joins(place, other))) progress(taken.push(place));
  }
  return taken;
}

/** Whether a tokenizer reads two symbols, in either order, as other tokens than those of each alone. */
function joinChecker(candidates: readonly string[], tokenizers: readonly Encoder[]): (a: number, b: number) => boolean {
  const known = new Map<number, boolean>();
  const ids = tokenizers.map(({ encode }) => candidates.map((symbol) => encode(symbol)[0] as number));
  const apart = (a: number, b: number) =>
    tokenizers.every(({ encode }, t) => {
      const [first, second, third] = encode(`${candidates[a]}${candidates[b]}`);
      return first === ids[t]?.[a] && second === ids[t]?.[b] && third === undefined;
    });
  return (a, b) => {
    const key = Math.min(a, b) * candidates.length + Math.max(a, b);
    const found = known.get(key) ?? !(apart(a, b) && apart(b, a));
    known.set(key, found);
    return found;
  };
}

/** Local search for independent sets: take one out where two that join nothing else, nor each other, come in for it. */
function oneForTwo(
  start: readonly number[],
  free: readonly number[],
  joins: (a: number, b: number) => boolean,
  size: number,
  progress: (symbols: number) => void,
): number[] {
  const chosen = new Set(start);
  const against = new Map(free.map((place) => [place, new Set(start.filter((other) => joins(place, other)))]));
  const change = (place: number, comes: boolean) => {
    if (comes) chosen.add(place);
    else chosen.delete(place);
    for (const [other, set] of against) {
      if (!joins(place, other)) continue;
      if (comes) set.add(place);
      else set.delete(place);
    }
  };
  const swap = (leaves: number): boolean => {
    const waiting = free.filter((place) => {
      const set = against.get(place);
      return !chosen.has(place) && set?.size === 1 && set.has(leaves);
    });
    for (const [i, one] of waiting.entries()) {
      const two = waiting.slice(i + 1).find((other) => !joins(one, other));
      if (two === undefined) continue;
      change(leaves, false);
      change(one, true);
      change(two, true);
      return true;
    }
    return false;
  };
  for (let improved = true; improved; ) {
    improved = false;
    for (const place of free) {
      if (chosen.size >= size) return [...chosen];
      const apart = !chosen.has(place) && against.get(place)?.size === 0;
      if (apart) change(place, true);
      if (apart || (chosen.has(place) && swap(place))) {
        improved = true;
        progress(chosen.size);
      }
    }
  }
  return [...chosen];
}

/** A symbol at which a string is read as other tokens than its symbols', over all ordered pairs; null where none is. */
function firstBroken(
  chosen: readonly number[],
  candidates: readonly string[],
  tokenizers: readonly Encoder[],
): number | null {
  const count = chosen.length;
  for (const { encode } of tokenizers) {
    const ids = new Map(chosen.map((place) => [place, encode(candidates[place] as string)[0] as number]));
    for (let step = 0; step < count; step++) {
      for (let from = 0; from < count; from += CHECKED_LENGTH) {
        const length = Math.min(CHECKED_LENGTH, count - from);
        // Each symbol is followed by the one `step` further on.
        const row = Array.from({ length }, (_, i) => [from + i, (from + i + step) % count])
          .flat()
          .map((index) => chosen[index] as number);
        const read = encode(row.map((place) => candidates[place]).join(""));
        const broken = row.find((place, i) => ids.get(place) !== read[i]);
        if (broken !== undefined) return broken;
      }
    }
  }
  return null;
}
