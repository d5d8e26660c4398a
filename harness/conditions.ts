/**
 * What may stand in the context slot: the candidates, and the controls that every suite has as far as its items
 * allow (docs/methodology.md, "Conditions"). Texts are decided here, before any model reads them.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import type { Codec, Encoding } from "../codecs/contract.ts";
import { STOP_WORDS } from "../codecs/stopWords.ts";
import { ExpectedError } from "../errors.ts";
import type { Tokenizer } from "../providers/contract.ts";
import type { Item } from "../suites/Suite.ts";
import { overlapWords } from "./measures/overlap.ts";
import { generatorFor, shuffled } from "./random.ts";
import { words } from "./words.ts";

export type Role = "reference" | "candidate" | "ceiling" | "floor" | "foil" | "control";

export interface Condition {
  readonly name: string;
  readonly role: Role;
  /** The candidate that a floor or foil was made for; null where it serves all. */
  readonly of: string | null;
  /** One text for each item, in order. */
  readonly texts: readonly Encoding[];
}

export interface Candidate {
  readonly name: string;
  readonly codec: Codec;
  readonly encodings: readonly Encoding[];
}

const FUNCTION_WORDS: ReadonlySet<string> = new Set(STOP_WORDS);

/** Neutral prose that says nothing about any item; repeated and cut to length. */
const FILLER =
  "This is a short piece of plain text. It is here to fill some space, and it does not report anything in particular. " +
  "There is nothing special to add at this point, so the text simply goes on for a while. ";

export interface ConditionInputs {
  readonly items: readonly Item[];
  readonly candidates: readonly Candidate[];
  readonly tokenizer: Tokenizer;
  /** For each draw and item, the index of another item (statistics/derangement.ts); null where there is none. */
  readonly others: readonly (readonly (number | null)[])[];
  readonly seed: number;
}

const text = (value: string): Encoding => ({ text: value });
const missing = (reason: string): Encoding => ({ missing: reason });

/** A foil of the original's words; no foil where too few of them leave the original as it was. */
function wrong(original: string, tokens: readonly string[]): Encoding {
  const joined = tokens.join(" ");
  return joined === original ? missing("the original has too few words to make a wrong text of them") : text(joined);
}

function otherItem(index: number | null | undefined, make: (index: number) => Encoding): Encoding {
  return typeof index === "number" ? make(index) : missing("there is no other item to take a text from");
}

/** The first `count` tokens of the filler as text, so that it costs what the text it stands for costs. */
function filler(tokenizer: Tokenizer, count: number): string {
  const ids = tokenizer.encode(FILLER);
  const repeated = Array.from({ length: count }, (_, i) => ids[i % ids.length] as number);
  return tokenizer.decode(repeated);
}

/** Random symbols until the text costs as many tokens as `like`. */
function randomSymbols(
  tokenizer: Tokenizer,
  alphabet: readonly string[],
  like: string,
  seed: number,
  id: string,
): string {
  const random = generatorFor(seed, "random", id);
  const wanted = tokenizer.encode(like).length;
  let out = "";
  // A tokenizer that merged symbols without end would keep us here: no symbol costs less than a quarter of a token.
  for (let symbols = 0; symbols < 4 * wanted && tokenizer.encode(out).length < wanted; symbols++) {
    out += alphabet[uniformInt(random, 0, alphabet.length - 1)];
  }
  return out;
}

/**
 * As near to the original in words as the candidate, but wrong: as many words deleted, at random; first those that the
 * candidate keeps, content words before function words. (Deletion among all words takes away the same articles as a
 * light code does, and came out equivalent: it is no foil.)
 */
function overlapMatched(original: string, candidate: string, seed: number, id: string): Encoding {
  const tokens = original.split(/\s+/);
  const shared = overlapWords(original, candidate);
  if (shared === 0) return missing("the encoding shares no word with the original");
  const dropped = words(original).length - shared;
  if (dropped === 0) return missing("the encoding keeps every word of the original");
  const available = new Map<string, number>();
  for (const word of words(candidate)) available.set(word, (available.get(word) ?? 0) + 1);
  const isKept = tokens.map((token) => {
    const [word = ""] = words(token);
    const left = available.get(word) ?? 0;
    if (left > 0) available.set(word, left - 1);
    return left > 0;
  });
  const isFunction = (i: number) => (words(tokens[i] as string).some((word) => FUNCTION_WORDS.has(word)) ? 1 : 0);
  const random = generatorFor(seed, "overlap", id);
  const some = (kept: boolean) =>
    shuffled(
      [...tokens.keys()].filter((i) => isKept[i] === kept),
      random,
    );
  const order = [...some(true).sort((a, b) => isFunction(a) - isFunction(b)), ...some(false)];
  const drop = new Set<number>();
  // A token may hold several words ("and/or"), or none (a dash).
  for (let left = dropped; left > 0; ) {
    const index = order.shift() as number;
    const count = words(tokens[index] as string).length;
    if (count > 0) drop.add(index);
    left -= count;
  }
  return text(tokens.filter((_, i) => !drop.has(i)).join(" "));
}

function perItem(items: readonly Item[], make: (item: Item, index: number) => Encoding): Encoding[] {
  return items.map(make);
}

/** Controls that do not depend on the candidates. */
function sharedControls({ items, tokenizer, others, seed }: ConditionInputs): Condition[] {
  const list: Condition[] = [];
  const most = Math.max(0, ...items.map((item) => item.paraphrases.length));
  for (let i = 0; i < most; i++) {
    const texts = perItem(items, (item) => {
      const paraphrase = item.paraphrases[i];
      return paraphrase === undefined
        ? missing(`the item has ${item.paraphrases.length} paraphrases`)
        : text(paraphrase);
    });
    list.push({ name: `paraphrase-${["near", "far"][i] ?? i + 1}`, role: "ceiling", of: null, texts });
  }
  others.forEach((draw, d) => {
    list.push({
      name: `mismatch-${d + 1}`,
      role: "floor",
      of: null,
      texts: perItem(items, (_, i) => otherItem(draw[i], (other) => text((items[other] as Item).original))),
    });
  });
  list.push({ name: "empty", role: "floor", of: null, texts: perItem(items, () => text("")) });
  list.push({
    name: "filler",
    role: "floor",
    of: null,
    texts: perItem(items, (item) => text(filler(tokenizer, tokenizer.encode(item.original).length))),
  });
  if (items.some((item) => item.decoy)) {
    const none = missing("the item has no decoy");
    list.push({
      name: "decoy",
      role: "foil",
      of: null,
      texts: perItem(items, ({ decoy }) => (decoy ? text(decoy.text) : none)),
    });
    const noParaphrase = missing("the item's decoy has no paraphrase");
    list.push({
      name: "decoy-paraphrase",
      role: "control",
      of: null,
      texts: perItem(items, ({ decoy }) => (decoy?.paraphrase ? text(decoy.paraphrase) : noParaphrase)),
    });
  }
  list.push({
    name: "shuffled-original",
    role: "foil",
    of: null,
    texts: perItem(items, ({ id, original }) =>
      wrong(original, shuffled(original.split(/\s+/), generatorFor(seed, "shuffled", id))),
    ),
  });
  list.push({
    name: "first-half",
    role: "foil",
    of: null,
    texts: perItem(items, ({ original }) => {
      const tokens = original.split(/\s+/);
      return wrong(original, tokens.slice(0, Math.ceil(tokens.length / 2)));
    }),
  });
  return list;
}

/** A candidate and the controls made for it. */
function candidateConditions(candidate: Candidate, { items, tokenizer, others, seed }: ConditionInputs): Condition[] {
  const { name, encodings, codec } = candidate;
  const map = (make: (encoding: string, index: number) => Encoding) =>
    encodings.map((encoding, i) => ("text" in encoding ? make(encoding.text, i) : encoding));
  const list: Condition[] = [
    { name, role: "candidate", of: null, texts: encodings },
    {
      name: `swapped:${name}`,
      role: "floor",
      of: name,
      texts: map((_, i) => otherItem(others[0]?.[i], (other) => encodings[other] as Encoding)),
    },
  ];
  const { alphabet } = codec;
  if (alphabet) {
    list.push({
      name: `random:${name}`,
      role: "floor",
      of: name,
      texts: map((encoding, i) => text(randomSymbols(tokenizer, alphabet, encoding, seed, (items[i] as Item).id))),
    });
  }
  const matched = map((encoding, i) =>
    overlapMatched((items[i] as Item).original, encoding, seed, (items[i] as Item).id),
  );
  // Where most encodings have no word in common with the original, there is nothing to match.
  if (matched.filter((encoding) => "text" in encoding).length * 2 > items.length) {
    list.push({ name: `overlap-matched:${name}`, role: "foil", of: name, texts: matched });
  }
  return list;
}

/** Names that controls have, or that analysis gives to averages of them. */
const RESERVED =
  /^(original|identity|empty|filler|decoy|decoy-paraphrase|shuffled-original|first-half|(paraphrase|mismatch)(-.*)?|(swapped|random|overlap-matched):.*)$/;

/** @throws ExpectedError `candidate-name-reserved`. */
export function refuseReservedName(name: string, where?: string): void {
  if (!RESERVED.test(name)) return;
  throw new ExpectedError({
    code: "candidate-name-reserved",
    message: `a candidate is called ${name}, which is the name of a control`,
    ...(where && { where }),
    hint: "give the candidate another name",
  });
}

/**
 * All conditions of a run, the original first.
 * @throws ExpectedError `candidate-name-reserved`.
 */
export function conditions(inputs: ConditionInputs): Condition[] {
  for (const { name } of inputs.candidates) refuseReservedName(name);
  const original = {
    name: "original",
    role: "reference",
    of: null,
    texts: inputs.items.map((item) => text(item.original)),
  } as const;
  return [
    original,
    ...sharedControls(inputs),
    ...inputs.candidates.flatMap((candidate) => candidateConditions(candidate, inputs)),
  ];
}
