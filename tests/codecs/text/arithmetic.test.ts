import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HANZI_512 } from "../../../codecs/alphabets/oneTokenHanzi.ts";
import { bitsOfSymbols, symbolsOfBits } from "../../../codecs/text/symbolBits.ts";
import type { Provider } from "../../../providers/contract.ts";
import { ScriptedProvider } from "../../harness/ScriptedProvider.ts";
import { logProbs } from "../../providers/logProbs.ts";
import { codecOn, encodedTexts, inputOf, openTinyModel } from "./tinyModel.ts";

let model: Provider;
beforeAll(async () => {
  model = await openTinyModel();
});
afterAll(() => model.close());

const TEXTS = [
  "",
  "The ferry left at 7:40.",
  "渡轮🚢 e\u0301\u0000\r\n\u200b\uFEFF<|endoftext|>",
  // Longer than the model's 128 positions, so that it begins anew twice.
  "abc ".repeat(80),
];

test("what was encoded decodes exactly, the empty text and one longer than the context included", async () => {
  const codec = codecOn(model, "arithmetic");
  const codes = await encodedTexts(codec, TEXTS);
  for (const code of codes) for (const symbol of code) expect(HANZI_512.symbols).toContain(symbol);
  expect(await codec.decode?.(codes)).toEqual(TEXTS);
  expect(await encodedTexts(codec, TEXTS)).toEqual(codes);
});

test("any Unicode text, in any alphabet", async () => {
  const codecs = ["hanzi-512", "hanzi-161", "hanzi-smollm2", "a"].map((alphabet) =>
    codecOn(model, "arithmetic", { alphabet }),
  );
  const text = fc.string({ unit: "binary", maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(...codecs), async (original, codec) => {
      expect(await codec.decode?.(await encodedTexts(codec, [original]))).toEqual([original]);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("the bits are those of the model: the sum of −log2 p of its tokens, and a known overhead", async () => {
  const original = "The ferry left at 7:40 with sixty cars aboard.";
  const { tokenizer } = model;
  const rows = [
    [
      { ids: tokenizer.end.slice(0, 1), parent: null },
      { ids: tokenizer.encode(original), parent: 0 },
    ],
  ];
  const { scores } = await model.read({
    rows,
    states: [],
    pools: [],
    comparisons: [],
    scores: [{ row: 0, segment: 1 }],
  });
  const ideal = logProbs(scores[0]).reduce((sum, logProb) => sum - logProb / Math.LN2, 0);
  const ends = logProbs(scores[0]).length * Math.log2(32 / 31) + 5;
  const [code = ""] = await encodedTexts(codecOn(model, "arithmetic"), [original]);
  const bits = bitsOfSymbols(code, HANZI_512.symbols).length;
  expect(bits).toBeGreaterThanOrEqual(Math.floor(32 + ideal + ends));
  expect(bits).toBeLessThanOrEqual(32 + ideal + ends + 3);
});

describe("what is no code of this place is an error, never another text", () => {
  test("any one symbol changed, left out or added", async () => {
    const codec = codecOn(model, "arithmetic");
    const original = "Sixty cars.";
    const [code = ""] = await encodedTexts(codec, [original]);
    const symbols = [...code];
    const damaged = symbols.flatMap((symbol, i) => {
      const other = HANZI_512.symbols[(HANZI_512.symbols.indexOf(symbol) + 1) % 512] as string;
      return [symbols.with(i, other), symbols.toSpliced(i, 1), symbols.toSpliced(i, 0, other), symbols.with(i, "x")];
    });
    for (const one of [...damaged.map((list) => list.join("")), "", code + code]) {
      await expect(codec.decode?.([one]), one).rejects.toMatchObject({ code: "code-damaged" });
    }
  });

  test("another version is named", async () => {
    const bits = `010${"0".repeat(60)}`;
    const codec = codecOn(model, "arithmetic");
    await expect(codec.decode?.([symbolsOfBits(bits, HANZI_512.symbols)])).rejects.toThrow("version 2");
  });

  test("another kernel or model fails the checksum, and is named where the parameters name the right one", async () => {
    const elsewhere = Object.create(model, {
      steps: { value: { kernel: "another", follow: model.steps?.follow.bind(model.steps) } },
    }) as Provider;
    const [code = ""] = await encodedTexts(codecOn(model, "arithmetic"), ["Sixty cars."]);
    await expect(codecOn(elsewhere, "arithmetic").decode?.([code])).rejects.toMatchObject({
      code: "code-damaged",
      message: expect.stringContaining("kernel another"),
    });
    const named = { model: model.identity.digest, kernel: model.steps?.kernel };
    expect(await codecOn(model, "arithmetic", named).decode?.([code])).toEqual(["Sixty cars."]);
    for (const wrong of [codecOn(elsewhere, "arithmetic", named), codecOn(model, "arithmetic", { model: "00" })]) {
      await expect(wrong.decode?.([code])).rejects.toMatchObject({ code: "arithmetic-elsewhere" });
    }
  });
});

test("a text that the tokenizer does not give back is written as its bytes", async () => {
  const { tokenizer } = model;
  const lossy = { ...tokenizer, encode: (text: string) => tokenizer.encode(text.toLowerCase()) };
  const other = Object.create(model, { tokenizer: { value: lossy } }) as Provider;
  const codec = codecOn(other, "arithmetic");
  const texts = ["Sixty Cars 渡 \uFEFF", "\uFEFFBOM", "plain"];
  const codes = await encodedTexts(codec, texts);
  expect(await codec.decode?.(codes)).toEqual(texts);
  const bits = codes.map((code) => bitsOfSymbols(code, HANZI_512.symbols));
  expect(bits.map((all) => all[3])).toEqual(["1", "1", "0"]);
  expect(bits[0]).toHaveLength(32 + 8 * Buffer.byteLength(texts[0] as string));
});

test("half a surrogate pair is refused, and so is a model that cannot be followed", async () => {
  const codec = codecOn(model, "arithmetic");
  await expect(codec.encode([inputOf("a\ud800b")])).rejects.toMatchObject({ code: "text-unencodable" });
  const scripted = codecOn(new ScriptedProvider(), "arithmetic");
  await expect(scripted.encode([inputOf("a")])).rejects.toMatchObject({ code: "capability-missing" });
});

test("following a text waits for samples and other texts, and gives the same numbers each time", async () => {
  const ids = model.tokenizer.encode("abcdef");
  const read = () =>
    model.steps?.follow(async (next) => {
      const all: Float32Array[] = [];
      for (const id of ids) all.push(await next(id));
      return all;
    });
  const prompts = [{ ids, seed: 1 }];
  const [one, , two] = await Promise.all([
    read(),
    model.sample({ prompts, samples: 2, maxTokens: 4, temperature: 1 }),
    read(),
  ]);
  expect(two).toEqual(one);
  const tooLong = model.steps?.follow(async (next) => {
    for (let i = 0; i <= 128; i++) await next(1);
  });
  await expect(tooLong).rejects.toMatchObject({ code: "input-too-long" });
});
