import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import hanzi161 from "../../../codecs/alphabets/hanzi161.json" with { type: "json" };
import hanzi512 from "../../../codecs/alphabets/hanzi512.json" with { type: "json" };
import hanziSmollm2 from "../../../codecs/alphabets/hanziSmollm2.json" with { type: "json" };
import { namedAlphabet } from "../../../codecs/alphabets/namedAlphabet.ts";
import { ALPHABET_A, ALPHABET_B } from "../../../codecs/alphabets.ts";
import { type CountingTokenizer, openTokenizer } from "../../../harness/commands/namedTokenizers.ts";
import { oneTokenCandidates, oneTokenHanzi } from "../../../harness/commands/oneTokenHanzi.ts";

const folder = mkdtempSync(join(tmpdir(), "isoglyph-alphabet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (name: string) => openTokenizer(name, () => {});
const [o200k, cl100k] = await Promise.all([open("o200k"), open("cl100k")]);

test("OpenAI's ranks are the files that tiktoken expects", () => {
  // tiktoken_ext/openai_public.py, expected_hash.
  expect(o200k.digest).toBe("446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d");
  expect(cl100k.digest).toBe("223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7");
  // Ids that tiktoken gives.
  expect(cl100k.encode("hello world")).toEqual([15339, 1917]);
  expect(o200k.encode("hello world")).toEqual([24912, 2375]);
  // The spelling of a special token is text.
  expect(o200k.encode("<|endoftext|>").length).toBeGreaterThan(1);
  expect(() => o200k.encode("a\ud800")).toThrow("half of a surrogate pair");
});

test("a hanzi of the proposal's alphabets costs about two tokens, alone and in a string", () => {
  const cost = ({ encode }: CountingTokenizer, { symbols }: typeof ALPHABET_A) => [
    symbols.reduce((sum, symbol) => sum + encode(symbol).length, 0) / symbols.length,
    encode(symbols.join("")).length / symbols.length,
  ];
  const near = (actual: readonly number[], expected: number) => {
    for (const value of actual) expect(Math.abs(value - expected)).toBeLessThan(0.005);
  };
  near(cost(o200k, ALPHABET_A), 1.98);
  near(cost(o200k, ALPHABET_B), 2.02);
  near(cost(cl100k, ALPHABET_A), 2.06);
  near(cost(cl100k, ALPHABET_B), 2.16);
});

test("hanzi that are one token: 2,515 in o200k, 549 in cl100k, all of which o200k has too", () => {
  expect(oneTokenCandidates([o200k])).toHaveLength(2515);
  expect(oneTokenCandidates([cl100k])).toHaveLength(549);
  const both = oneTokenCandidates([cl100k, o200k]);
  expect(both).toHaveLength(549);
  const ids = both.map((symbol) => cl100k.encode(symbol)[0] as number);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
});

test.for([
  { file: hanzi512, size: 512, merges: true },
  { file: hanzi161, size: 161, merges: false },
  { file: hanziSmollm2, size: 74, merges: false },
])("the alphabet of $size says for whom it is", ({ file, size, merges }) => {
  const symbols = [...file.symbols];
  expect(new Set(symbols).size).toBe(size);
  expect(symbols).toHaveLength(size);
  expect(file.merges).toBe(merges);
  for (const symbol of symbols) expect(symbol).toMatch(/^[\u4e00-\u9fff]$/);
  for (const { name, digest } of file.tokenizers) {
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const tokenizer = [o200k, cl100k].find((one) => one.name === name);
    if (tokenizer === undefined) continue;
    expect(digest).toBe(tokenizer.digest);
    for (const symbol of symbols) expect(tokenizer.encode(symbol)).toHaveLength(1);
  }
});

test("161 hanzi stay apart, each beside every other; of the 512 some join", () => {
  const symbols = [...hanzi161.symbols];
  for (const { encode } of [o200k, cl100k]) {
    const ids = new Map(symbols.map((symbol) => [symbol, encode(symbol)[0]]));
    for (const one of symbols) {
      for (let from = 0; from < symbols.length; from += 16) {
        const row = symbols.slice(from, from + 16).flatMap((other) => [one, other]);
        expect(encode(row.join(""))).toEqual(row.map((symbol) => ids.get(symbol)));
      }
    }
  }
  const lengths = [...hanzi512.symbols]
    .slice(0, 60)
    .flatMap((a) => [...hanzi512.symbols].slice(0, 60).map((b) => o200k.encode(a + b).length));
  expect(Math.min(...lengths)).toBe(1);
  // Never more than a token a symbol.
  expect(Math.max(...lengths)).toBe(2);
});

/** One token a hanzi, and one for each of these strings. */
function joining(...tokens: readonly string[]): CountingTokenizer {
  const pattern = new RegExp(`${[...tokens, "."].join("|")}`, "gsu");
  const known = "天地人日月山水";
  return {
    ...{ name: "joining", digest: "00", decode: () => "" },
    encode: (text) =>
      (text.match(pattern) ?? []).flatMap((piece) => {
        if (tokens.includes(piece)) return [1000 + tokens.indexOf(piece)];
        return known.includes(piece) ? [known.indexOf(piece)] : [2000, 2001];
      }),
  };
}

test("what joins is left out, one for two where that gives more, and in order of the first tokenizer's ids", () => {
  const alone = { alone: true };
  const apart = { alone: false };
  expect(oneTokenHanzi([joining()], 7, apart).symbols).toBe("天地人日月山水");
  expect(oneTokenHanzi([joining("天天", "地人")], 5, apart).symbols).toBe("人日月山水");
  // 水 joins three: the rarest first would take it alone.
  expect(oneTokenHanzi([joining("水天", "地水", "人水")], 6, apart).symbols).toBe("天地人日月山");
  // In one of two tokenizers is enough.
  expect(oneTokenHanzi([joining(), joining("日月")], 6, apart).symbols).not.toContain("日月");
  expect(oneTokenHanzi([joining("天地")], 2, alone)).toMatchObject({ symbols: "天地", merges: true });
  expect(() => oneTokenHanzi([joining("天地")], 7, apart)).toThrow("found 6 hanzi");
});

test("three that join though no two of them do are found out", () => {
  const three = joining("天地天");
  expect([...oneTokenHanzi([three], 6, { alone: false }).symbols]).not.toEqual(expect.arrayContaining(["天", "地"]));
});

test("an alphabet by name or by file", () => {
  expect(namedAlphabet("hanzi-512", ".").symbols).toHaveLength(512);
  expect(namedAlphabet("a", ".")).toBe(ALPHABET_A);
  const file = { symbols: "天地", source: "made up", tokenizers: [], merges: false };
  writeFileSync(join(folder, "two.json"), JSON.stringify(file));
  writeFileSync(join(folder, "twice.json"), JSON.stringify({ ...file, symbols: "天天" }));
  writeFileSync(join(folder, "broken.json"), "{");
  expect(namedAlphabet("two.json", folder)).toEqual({ symbols: ["天", "地"], source: "made up" });
  expect(() => namedAlphabet("twice.json", folder)).toThrow("none of them twice");
  expect(() => namedAlphabet("broken.json", folder)).toThrow("this is no alphabet");
  expect(() => namedAlphabet("hanzi-513", folder)).toThrow("there is no alphabet");
});
