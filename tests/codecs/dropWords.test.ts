import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ARTICLES, STOP_WORDS } from "../../codecs/stopWords.ts";
import { encode } from "./encode.ts";

const cases = (list: unknown, rows: readonly (readonly [original: string, expected: string])[]) => {
  test.for(rows)("%s", async ([original, expected]) => {
    expect(await encode("drop-words", { list }, original)).toEqual({ text: expected });
  });
};

describe("articles", () => {
  cases("articles", [
    ["The cat sat on the mat.", "Cat sat on mat."],
    ["the cat sat", "cat sat"],
    ["THE END", "END"],
    ["An old dog saw A  bird.", "Old dog saw bird."],
    ["The 3 cats. The dog!", "3 cats. Dog!"],
    ["The iPhone sold.", "iPhone sold."],
    ['He said, "The end is near."', 'He said, "End is near."'],
    ["“The cat” sat (the old one).", "“Cat” sat (old one)."],
    ["Note: the cat", "Note: cat"],
    ["Hello—the cat", "Hello—cat"],
    ["She said 'the' and left.", "She said and left."],
    ["Wait for the... train", "Wait for... train"],
    ["No, the.", "No."],
    ["line one the\nline two", "line one\nline two"],
    ["line one\nthe line two", "line one\nline two"],
    ["line one\nA, line two", "line one\nLine two"],
    ["The\tcat", "Cat"],
    ["ends in the", "ends in"],
    ["Élan: the état", "Élan: état"],
    // Words that only contain an article, or are written with more than letters, are other words.
    ["Then Ann ate at 9 a.m. on the A4, A-level theory.", "Then Ann ate at 9 a.m. on A4, A-level theory."],
    ["Don't use an a/the or state-of-the-art 1,000.", "Don't use a/the or state-of-the-art 1,000."],
    // Nothing to drop: nothing changes, not even what looks untidy.
    ["Two  spaces , here ( ) ..", "Two  spaces , here ( ) .."],
    ["...", "..."],
    ["", ""],
    ["我的猫在垫子上。", "我的猫在垫子上。"],
  ]);

  test.for(["The", "a", "An a, the..."])("nothing is left of: %s", async (original) => {
    expect(await encode("drop-words", { list: "articles" }, original)).toEqual({
      missing: "every word of the original is dropped",
    });
  });
});

describe("stop words", () => {
  cases("stop-words", [
    ["In the beginning, there was a word.", "Beginning, word."],
    ["He came, and, having eaten, left.", "Came, eaten, left."],
    ["He came — and, then, left. So, then.", "Came — left."],
    ["Who? He was. It was a fine day.", "Fine day."],
    ['"And so," he said, "it begins."', 'Said, "begins."'],
    ["It’s true that we've seen what she’s paid.", "True seen paid."],
    // What carries the fact stays: negations, quantities.
    ["It was not the best, but she didn't mind.", "Not best, didn't mind."],
    ["You can't go there without him, and no one will, ever.", "Can't go without, no one will, ever."],
    ["Neither of them has all three.", "Neither all three."],
  ]);

  test("the list is lower case, without repeats, and holds the articles", () => {
    expect(STOP_WORDS.length).toBeGreaterThanOrEqual(120);
    expect(STOP_WORDS.length).toBeLessThanOrEqual(180);
    expect(new Set(STOP_WORDS).size).toBe(STOP_WORDS.length);
    expect(STOP_WORDS).toEqual(expect.arrayContaining([...ARTICLES]));
    for (const word of STOP_WORDS) expect(word).toMatch(/^[a-z]+(?:'[a-z]+)?$/);
  });

  test("the list holds no negation", () => {
    const negations =
      "no not never none nor neither nobody nothing nowhere cannot without unless except hardly barely".split(" ");
    expect(STOP_WORDS.filter((word) => negations.includes(word) || word.endsWith("n't"))).toEqual([]);
  });
});

describe("a list of one's own", () => {
  cases(
    ["Cat", "don’t", "的"],
    [
      ["Cat, dog and CAT don't bark; cats do.", "Dog and bark; cats do."],
      ["我的猫。", "我猫。"],
    ],
  );
});

test("what is left is the other words in order, with tidy spacing", async () => {
  const words = fc.constantFrom("The", "a", "An", "the", "cat", "Dog", "don't", "x-ray", "Été", "42");
  const marks = fc.constantFrom(" ", ", ", ". ", "; ", "? ", ' "', '" ', " (", ") ", "—", " — ", "\n", "... ");
  const text = fc.array(fc.tuple(words, marks), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(text, async (pairs) => {
      const expected = pairs.map(([word]) => word.toLowerCase()).filter((word) => !ARTICLES.includes(word));
      const encoded = await encode("drop-words", { list: "articles" }, pairs.flat().join("").trim());
      if (expected.length === 0) {
        expect(encoded).toHaveProperty("missing");
        return;
      }
      const left = "text" in encoded ? encoded.text : "";
      expect(left.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu)).toEqual(expected);
      expect(left).not.toMatch(/ {2}|\s[,;?)]|\s\.(?!\.)|\(\s|^\s|\s$|[,;]\s*[,;.?]/);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
