/**
 * English sentences by the ten thousand, for codes to be trained on: a seeded grammar (frames.ts) over a lexicon
 * (lexicon.ts), both written for this project. They mean little and vary much; no evaluation item is among them.
 */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { framesFor } from "./frames.ts";
import { isCategory, type Portion, wordsFor } from "./lexicon.ts";
import { type Node, parsePattern } from "./parsePattern.ts";
import { article, plural } from "./wordForms.ts";

/** Far below what either portion can make, so that there are always new ones to find. */
const MOST = 200_000;

/**
 * The first `count` distinct sentences of a seed: more of them begin with the same ones. Sentences of the two portions
 * share no frame and no word of an open category.
 * Throws RangeError for more than 200,000.
 */
export function sentences(count: number, seed: number, portion: Portion = "training"): readonly string[] {
  if (count > MOST) throw new RangeError(`${count} sentences; there are ${MOST} at most`);
  const random = xoroshiro128plus(createHash("sha256").update(`sentences ${portion} ${seed}`).digest().readInt32LE());
  const frames = Object.values(framesFor(portion)).map((patterns) => patterns.map(parsePattern));
  const made = new Set<string>();
  while (made.size < count) {
    // A frame first, so that those of many patterns are no more frequent.
    const frame = oneOf(frames, random);
    made.add(sentence(oneOf(frame, random), portion, random));
  }
  return [...made];
}

/** sha256 of the sentences, one a line, hexadecimal: that of the file they would be written to. */
export function sentencesDigest(list: readonly string[]): string {
  return createHash("sha256").update(sentencesText(list)).digest("hex");
}

export function sentencesText(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join("");
}

function sentence(pattern: Node, portion: Portion, random: RandomGenerator): string {
  const used = new Set<string>();
  const text = article(expand(pattern, portion, random, used))
    .replace(/ +/g, " ")
    .replaceAll(" ,", ",")
    .trim();
  const whole = /[.?!]$/.test(text) ? text : `${text}.`;
  return whole.replace(/^"?\p{L}/u, (letter) => letter.toUpperCase());
}

function expand(node: Node, portion: Portion, random: RandomGenerator, used: Set<string>): string {
  const inside = (child: Node) => expand(child, portion, random, used);
  switch (node.kind) {
    case "text":
      return node.text;
    case "sequence":
      return node.parts.map(inside).join("");
    case "choice":
      return inside(oneOf(node.options, random));
    case "slot": {
      const number = numeral(node.category, random);
      if (number !== null) return number;
      if (!isCategory(node.category)) throw new Error(`the grammar has no category ${node.category}`);
      const words = wordsFor(node.category, portion);
      const fresh = words.filter((word) => !used.has(word));
      const word = oneOf(fresh.length > 0 ? fresh : words, random);
      used.add(word);
      return node.plural ? plural(word) : word;
    }
  }
}

/** Numbers as they are written; null for what is no number. */
function numeral(kind: string, random: RandomGenerator): string | null {
  const from = (low: number, high: number) => uniformInt(random, low, high);
  switch (kind) {
    case "number":
      return from(0, 2) === 0 ? (from(2, 98) * 1000).toLocaleString("en") : String(from(21, 989));
    case "year":
      return String(from(1612, 2019));
    case "clock":
      return `${from(1, 12)}${oneOf([" o'clock", ":15", ":20", ":30", ":45", " in the morning", " in the evening"], random)}`;
    case "price":
      return oneOf(
        [
          `${from(2, 95)} pounds`,
          `${from(2, 90)},500 euros`,
          `${from(2, 60)} dollars`,
          `${from(1, 9)}.${from(10, 99)} francs`,
        ],
        random,
      );
    case "percent":
      return oneOf(
        [`${from(2, 98)} per cent`, `${from(2, 98)}%`, "a third", "two fifths", "more than half", "a quarter"],
        random,
      );
    default:
      return null;
  }
}

function oneOf<T>(values: readonly T[], random: RandomGenerator): T {
  return values[uniformInt(random, 0, values.length - 1)] as T;
}
