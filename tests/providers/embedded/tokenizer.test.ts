/** The tokenizer against Hugging Face's on the same vocabulary (tests/oracles/smollm2.py). */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tokenizer } from "../../../providers/contract.ts";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { openDefaultModel } from "./defaultModel.ts";
import { fixture } from "./oracle.ts";

interface TokenizerFixture {
  readonly bytesWithoutToken: readonly number[];
  readonly cases: readonly {
    readonly text: string;
    readonly special: boolean;
    readonly dropped: boolean;
    readonly ids: readonly number[];
  }[];
}
const { bytesWithoutToken, cases } = fixture<TokenizerFixture>("tokenizer.json");
const kept = cases.filter(({ dropped }) => !dropped);
const refused = cases.filter(({ dropped }) => dropped);
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const hasNoToken = (text: string) => new TextEncoder().encode(text).some((byte) => bytesWithoutToken.includes(byte));

let provider: EmbeddedProvider;
let tokenizer: Tokenizer;
beforeAll(async () => {
  provider = await openDefaultModel("packed");
  tokenizer = provider.tokenizer;
});
afterAll(() => provider?.close());

function refusal(text: string, special = false): unknown {
  try {
    return tokenizer.encode(text, { special });
  } catch (error) {
    return error;
  }
}

describe("encode", () => {
  it("gives the reference's ids", () => {
    expect(kept.length).toBeGreaterThan(600);
    const wrong = kept.filter(({ text, special, ids }) => tokenizer.encode(text, { special }).join() !== ids.join());
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it("splits digits one by one, which transformers' own reader of the file doesn't", () => {
    expect(tokenizer.encode("  12345")).toEqual([256, 33, 34, 35, 36, 37]);
  });

  it("adds nothing, and parses special tokens only where it is told to", () => {
    expect(tokenizer.begin).toEqual([]);
    expect(tokenizer.encode("")).toEqual([]);
    expect(tokenizer.encode("<|im_end|>", { special: true })).toEqual([2]);
    expect(tokenizer.encode("<|im_end|>").length).toBeGreaterThan(1);
  });

  it("refuses what the reference drops, and names byte and character", () => {
    expect(refused.length).toBeGreaterThan(20);
    for (const { text, special } of refused) {
      const characters = [...text];
      const index = characters.findIndex(hasNoToken);
      const character = characters[index] as string;
      const byte = new TextEncoder().encode(character).find((part) => bytesWithoutToken.includes(part)) as number;
      const code = hex(character.codePointAt(0) as number, 4).toUpperCase();
      expect(refusal(text, special)).toMatchObject({
        name: "ExpectedError",
        code: "text-unencodable",
        message: `the model's tokenizer has no token for byte 0x${hex(byte, 2)} of character U+${code}`,
        where: expect.stringMatching(`^character ${index + 1} of `),
      });
    }
  });

  it.each([
    ["\uFFFD\u0004", "0x04", "U+0004", 2],
    ["\uFEFF\uFEFFa\u0004b", "0x04", "U+0004", 4],
    ["🐱\u{50000}", "0xf1", "U+50000", 2],
  ])("counts characters where %j holds one that can't be encoded", (text, byte, code, place) => {
    expect(refusal(text)).toMatchObject({
      code: "text-unencodable",
      message: expect.stringContaining(`byte ${byte} of character ${code}`),
      where: expect.stringMatching(`^character ${place} of `),
    });
  });

  it.each([
    ["a\uD83D", "U+D83D", 2],
    ["🐱\uDC31🐱", "U+DC31", 2],
  ])("refuses half a surrogate pair in %j", (text, code, place) => {
    expect(refusal(text)).toMatchObject({
      code: "text-unencodable",
      message: expect.stringContaining(code),
      where: expect.stringMatching(`^character ${place} of `),
    });
  });
});

describe("decode", () => {
  const characters = fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: "grapheme-ascii" }) },
    { weight: 4, arbitrary: fc.string({ unit: "binary" }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "<|im_start|>",
        "<|im_end|>",
        "constructor",
        "__proto__",
        "  ",
        "\r\n",
        "\uFEFF",
        "\uFFFD",
        "e\u0301",
        "Ġ",
        "don't",
        "2026",
      ),
    },
  );
  const texts = fc
    .array(characters, { maxLength: 6 })
    .map((parts) => parts.join(""))
    .filter((text) => !hasNoToken(text));

  it("gives back what was encoded", () => {
    const same = (special: boolean) => (text: string) => tokenizer.decode(tokenizer.encode(text, { special })) === text;
    fc.assert(fc.property(texts, same(false)), { seed: 20260101, numRuns: 500 });
    fc.assert(fc.property(texts, same(true)), { seed: 20260102, numRuns: 200 });
  });

  it("gives back the texts of the reference", () => {
    const wrong = kept.filter(({ text, ids }) => tokenizer.decode(ids) !== text);
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });
});

describe("chat", () => {
  it("writes a conversation as the model was trained on it", () => {
    // The template in the file, rendered by Jinja2 3.1 with the settings of transformers (trim_blocks, lstrip_blocks).
    expect(tokenizer.chat?.([{ role: "user", content: "Name a colour." }])).toBe(
      "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
        "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(
      tokenizer.chat?.([
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ]),
    ).toBe("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    expect(tokenizer.end).toContain(2);
  });
});
