/** What hanzi cost in six tokenizers, and the alphabets that were made for all of them. */
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import hanzi161 from "../../codecs/alphabets/hanzi161.json" with { type: "json" };
import hanzi512 from "../../codecs/alphabets/hanzi512.json" with { type: "json" };
import hanziSmollm2 from "../../codecs/alphabets/hanziSmollm2.json" with { type: "json" };
import { ALPHABET_A, ALPHABET_B } from "../../codecs/alphabets.ts";
import { type CountingTokenizer, openTokenizer } from "../../harness/commands/namedTokenizers.ts";
import { oneTokenCandidates, oneTokenHanzi } from "../../harness/commands/oneTokenHanzi.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { integrationFile } from "../../scripts/integrationParts.ts";
import { defaultModelFile } from "./defaultModelFile.ts";

const packages = integrationFile("tokenizers");
if (packages === null)
  console.warn("skipped: tokenizers of models, because they are not installed (npm run setup:integration)");

/** Published: tokens a hanzi of alphabets A and B, and hanzi that are one token. */
const PUBLISHED: Readonly<Record<string, readonly [number, number, number]>> = {
  cl100k: [2.06, 2.16, 549],
  o200k: [1.98, 2.02, 2515],
  qwen3: [1.65, 1.88, 8501],
  gemma3: [1.61, 2.29, 9438],
  llama3: [1.98, 1.98, 2314],
  deepseek_v3: [1.88, 1.95, 5246],
};
const open = (name: string) => openTokenizer(name, () => {});

describe.skipIf(packages === null)("six tokenizers", () => {
  const before = process.cwd();
  let tokenizers: CountingTokenizer[];
  beforeAll(async () => {
    process.chdir(dirname(packages as string));
    tokenizers = await Promise.all(Object.keys(PUBLISHED).map(open));
  });
  afterAll(() => process.chdir(before));

  it.each(Object.entries(PUBLISHED))("%s costs what is published, alone and in a string", (name, [a, b, ones]) => {
    const tokenizer = tokenizers.find((one) => one.name === name) as CountingTokenizer;
    for (const [{ symbols }, published] of [
      [ALPHABET_A, a],
      [ALPHABET_B, b],
    ] as const) {
      const alone = symbols.reduce((sum, symbol) => sum + tokenizer.encode(symbol).length, 0) / symbols.length;
      // Rounded to two places.
      expect(Math.abs(alone - published)).toBeLessThanOrEqual(0.0051);
      expect(tokenizer.encode(symbols.join("")).length / symbols.length).toBe(alone);
    }
    expect(oneTokenCandidates([tokenizer])).toHaveLength(ones);
  });

  it("what cl100k holds as one token all of them do", () => {
    expect(oneTokenCandidates(tokenizers)).toHaveLength(549);
  });

  const slow = { timeout: 1_200_000 };
  it("the alphabets are those that the command makes; 161 symbols cost a token each in any order", slow, () => {
    expect(oneTokenHanzi(tokenizers, 512, { alone: true })).toEqual(hanzi512);
    expect(oneTokenHanzi(tokenizers, 161, { alone: false })).toEqual(hanzi161);
    const symbols = [...hanzi161.symbols];
    // Unlike neighbours all along.
    const string = Array.from({ length: 2000 }, (_, i) => symbols[(i * i * 7 + i * 31) % 161]).join("");
    for (const { encode } of tokenizers) expect(encode(string)).toHaveLength(2000);
  });
});

describe.skipIf(defaultModelFile() === null)("the default model", () => {
  it("knows 77 hanzi, of which 74 stay apart", async () => {
    const tokenizer = await open(DEFAULT_MODEL);
    expect(oneTokenCandidates([tokenizer])).toHaveLength(77);
    expect(oneTokenHanzi([tokenizer], 74, { alone: false })).toEqual(hanziSmollm2);
  });
});
