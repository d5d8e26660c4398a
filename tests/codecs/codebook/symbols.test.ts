import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codebook,
  checkEmbedder,
  decodeSymbols,
  encodeVectors,
  readSymbols,
  writeSymbols,
} from "../../../codecs/codebook/Codebook.ts";
import { checkAlphabet } from "../../../codecs/codebook/checkAlphabet.ts";
import { EMBEDDER, failure, trained, UNSEEN } from "./trained.ts";

/** Beyond the Basic Multilingual Plane too: a symbol is a character, not a code unit. */
const DISJOINT = {
  symbols: ["一二三四五六七八", "甲乙丙丁戊己庚辛", "abcdefgh", "𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇"].map((symbols) => [...symbols]),
  source: "four lists",
  wraps: false,
};
let nested: Codebook;
let flat: Codebook;

beforeAll(async () => {
  nested = await trained();
  flat = await trained({ kind: "pq", alphabet: DISJOINT });
});

const indices = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 4, maxLength: 4 });

test("symbols and indices are each other's inverse", () => {
  fc.assert(
    fc.property(indices, (code) => {
      for (const codebook of [nested, flat]) {
        const text = writeSymbols(codebook, code);
        expect([...text]).toHaveLength(4);
        expect([...readSymbols(codebook, text, "here")]).toEqual(code);
        expect(writeSymbols(codebook, readSymbols(codebook, text, "here"))).toBe(text);
      }
    }),
  );
});

test("a prefix of a nested code is read as such, and decodes to the coarser vector", async () => {
  const [whole = ""] = await encodeVectors(nested, UNSEEN);
  const [short = ""] = await encodeVectors(nested, UNSEEN, 2);
  expect(short).toBe([...whole].slice(0, 2).join(""));
  const codes = await nested.quantiser.encode(UNSEEN);
  const expected = nested.quantiser.decode(codes.slice(0, 4), 2).data;
  expect(decodeSymbols(nested, [short]).data).toEqual(expected);
  expect(decodeSymbols(nested, [whole, short]).data.slice(16)).toEqual(expected);
});

describe("what is no code", () => {
  test("an unknown symbol, with its place", async () => {
    const error = await failure(() => readSymbols(nested, "一二龘四", "line 3"));
    expect(error).toMatchObject({ code: "codebook-symbol", where: "line 3" });
    expect(error.message).toContain('symbol 3 is "龘" (U+9F98)');
    expect(error.hint).toContain("numbers");
  });

  test("a symbol of another place, with that place", async () => {
    const error = await failure(() => readSymbols(flat, "一乙a𠀀".replace("乙a", "a乙"), "here"));
    expect(error.message).toContain('symbol 2 is "a"');
    expect(error.hint).toContain("a symbol of place 3");
  });

  test.for(["", "一二三四五", "一二"])("a length that no code has: %o", async (text) => {
    const error = await failure(() => readSymbols(text === "一二" ? flat : nested, text, "here"));
    expect(error.code).toBe("codebook-length");
  });
});

test("vectors of another embedder are refused, by weights or by width", async () => {
  checkEmbedder(nested, { ...EMBEDDER, reference: "the same under another name" }, "here");
  const other = await failure(() => checkEmbedder(nested, { ...EMBEDDER, digest: "e".repeat(64) }, "here"));
  expect(other).toMatchObject({ code: "codebook-embedder", where: "here" });
  expect(other.message).toContain("dddddddddddd");
  const wide = await failure(() => checkEmbedder(nested, { ...EMBEDDER, width: 17 }, "here"));
  expect(wide).toMatchObject({ code: "codebook-width" });
  expect(wide.message).toContain("17 wide");
});

test.for<[string, readonly string[][], string]>([
  ["too few symbols", [["一", "二"]], "alphabet-small"],
  ["a symbol twice", [[..."一二三四五六七一"]], "alphabet-symbols"],
  ["two characters in one", [[..."一二三四五六七", "ab"]], "alphabet-symbols"],
  ["white space", [[..."一二三四五六七 "]], "alphabet-symbols"],
  ["half a character", [[..."一二三四五六七", "\uD840"]], "alphabet-symbols"],
  ["lists for some places only", [[..."一二三四五六七八"], [..."abcdefgh"]], "alphabet-symbols"],
])("an alphabet with %s is refused", async ([, symbols, code]) => {
  const alphabet = { symbols, source: "a file", wraps: false };
  expect(await failure(() => checkAlphabet(alphabet, [8, 8, 8]))).toMatchObject({ code, where: "a file" });
});

test("a published alphabet wraps: entries share symbols, and the first of them is read", async () => {
  const wrapping = {
    ...nested,
    description: { ...nested.description, alphabet: { symbols: [[..."ab"]], source: "two", wraps: true } },
  };
  expect(writeSymbols(wrapping, [0, 1, 2, 7])).toBe("abab");
  expect([...readSymbols(wrapping, "abab", "here")]).toEqual([0, 1, 0, 1]);
});
