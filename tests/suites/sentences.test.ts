import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { framesFor } from "../../suites/sentences/frames.ts";
import { isCategory, lexiconSize, wordsFor } from "../../suites/sentences/lexicon.ts";
import { parsePattern } from "../../suites/sentences/parsePattern.ts";
import { sentences, sentencesDigest, sentencesText } from "../../suites/sentences/sentences.ts";
import { article, plural } from "../../suites/sentences/wordForms.ts";

const read = (path: string) => readFileSync(new URL(`../../suites/${path}`, import.meta.url), "utf8");
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const grams = (text: string, n: number): string[] => {
  const list = words(text);
  return list.slice(n - 1).map((_, i) => list.slice(i, i + n).join(" "));
};

let training: readonly string[];
let heldOut: readonly string[];
beforeAll(() => {
  training = sentences(20_000, 1);
  heldOut = sentences(2000, 1, "held-out");
});

describe("the sentences", () => {
  it("are these, whoever makes them", () => {
    expect(sentencesDigest(training)).toMatchInlineSnapshot(
      `"d19388df3a407d3fd251472aa736f70a4a6ce99a9ebfdc511f35e2fc03b1bcc0"`,
    );
    expect(sentencesDigest(heldOut)).toMatchInlineSnapshot(
      `"21e31ba7f83956c7c94f1f67bef8d309c6f18d8801a8f40569a72f161e2b3a01"`,
    );
    expect(sentencesDigest(["a", "b"])).toBe(createHash("sha256").update("a\nb\n").digest("hex"));
    expect(sentencesText(["a", "b"])).toBe("a\nb\n");
  });

  it("are distinct, begin with those of a smaller number, and change with the seed", () => {
    expect(new Set(training).size).toBe(20_000);
    expect(sentences(50, 1)).toEqual(training.slice(0, 50));
    expect(() => sentences(200_001, 1)).toThrow(RangeError);
    const others = new Set(sentences(1000, 2));
    expect(training.slice(0, 1000).filter((one) => others.has(one)).length).toBeLessThan(20);
  });

  it("are whole sentences, each with nothing left of its pattern", () => {
    for (const one of [...training, ...heldOut]) expect(one).toMatch(/^["\p{Lu}\p{N}][^{}[\]|]*[.?!]$/u);
    expect(training.some((one) => / ,| {2}|\ba [aeio][a-z]/.test(one))).toBe(false);
  });

  it("vary in words, length and opening", () => {
    expect(lexiconSize()).toBeGreaterThan(1000);
    const all = training.flatMap(words);
    expect(new Set(all).size).toBeGreaterThan(2000);
    const lengths = training.map((one) => words(one).length).sort((a, b) => a - b);
    const at = (share: number) => lengths[Math.floor(share * (lengths.length - 1))] as number;
    expect([at(0.1), at(0.5), at(0.9)]).toEqual([9, 12, 16].map((n) => expect.closeTo(n, -0.5)));
    expect(at(0.9) - at(0.1)).toBeGreaterThan(5);
    const openings = new Map<string, number>();
    for (const one of training) {
      const opening = words(one).slice(0, 3).join(" ");
      openings.set(opening, (openings.get(opening) ?? 0) + 1);
    }
    expect(openings.size).toBeGreaterThan(5000);
    expect(Math.max(...openings.values()) / training.length).toBeLessThan(0.02);
  });

  it("have no five words in a row of an evaluation item or a reference sentence", () => {
    interface Item {
      readonly original: string;
      readonly paraphrases: readonly string[];
      readonly decoy: { readonly text: string; readonly paraphrase: string };
      readonly questions: readonly { readonly question: string }[];
    }
    const items = read("everyday/items.jsonl").trim().split("\n");
    const evaluated = items.flatMap((line) => {
      const { original, paraphrases, decoy, questions } = JSON.parse(line) as Item;
      return [original, ...paraphrases, decoy.text, decoy.paraphrase, ...questions.map(({ question }) => question)];
    });
    expect(evaluated.length).toBeGreaterThan(160 * 6);
    const taken = new Set(
      [...evaluated, ...read("reference/sentences.txt").split("\n")].flatMap((one) => grams(one, 5)),
    );
    expect(taken.size).toBeGreaterThan(10_000);
    const shared = [...training, ...heldOut].flatMap((one) => grams(one, 5)).filter((gram) => taken.has(gram));
    expect([...new Set(shared)]).toEqual([]);
  });
});

describe("the held-out portion", () => {
  it("shares no frame with training, and no word of an open category", () => {
    const [mine, theirs] = [Object.values(framesFor("training")).flat(), Object.values(framesFor("held-out")).flat()];
    expect(mine.filter((pattern) => theirs.includes(pattern))).toEqual([]);
    for (const category of ["animal", "town", "name", "instrument", "illness", "document"] as const) {
      const [used, kept] = [wordsFor(category, "training"), wordsFor(category, "held-out")];
      expect(kept.length).toBeGreaterThan(2);
      expect(used.filter((word) => kept.includes(word))).toEqual([]);
      const trained = training.join("\n");
      for (const word of kept) if (category === "town" || category === "name") expect(trained).not.toContain(word);
    }
  });
});

describe("patterns", () => {
  it("all parse, and name categories that there are", () => {
    for (const portion of ["training", "held-out"] as const) {
      for (const pattern of Object.values(framesFor(portion)).flat()) {
        expect(() => parsePattern(pattern)).not.toThrow();
        for (const [, name = ""] of pattern.matchAll(/\{([a-z]+)/g)) {
          expect(isCategory(name) || ["number", "year", "clock", "price", "percent"].includes(name), name).toBe(true);
        }
      }
    }
  });

  it.each(["[a|b", "a]", "a|b", "{a", "{A}", "{a.p}"])("%s is refused", (pattern) => {
    expect(() => parsePattern(pattern)).toThrow(SyntaxError);
  });
});

it("inflects what the lexicon holds", () => {
  const forms = {
    wolf: "wolves",
    cherry: "cherries",
    day: "days",
    fox: "foxes",
    "pair of tweezers": "pairs of tweezers",
  };
  for (const [one, many] of Object.entries(forms)) expect(plural(one)).toBe(many);
  expect(article("a oak and a university, a hour, a ukulele, a one-way street, A egg")).toBe(
    "an oak and a university, an hour, a ukulele, a one-way street, An egg",
  );
});
