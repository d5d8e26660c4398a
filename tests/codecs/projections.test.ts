import { expect, test } from "vitest";
import { ALPHABET_A, ALPHABET_B } from "../../codecs/alphabets.ts";
import type { CodecInput, CodecServices } from "../../codecs/contract.ts";
import { gaussianMatrix, projectedEncoding } from "../../codecs/gaussianProjection.ts";
import { JavaRandom } from "../../codecs/javaRandom.ts";
import { createCodec } from "../../codecs/registry.ts";
import { noServices } from "../../harness/codecServices.ts";
import fixture from "./fixtures/javaRandom.json" with { type: "json" };

const input = (original: string): CodecInput => ({ original, encodings: {}, questions: [] });

/** The vector that the Java program projects. */
const knownVector = (width: number) => Float32Array.from({ length: width }, (_, j) => (((37 * j) % 101) - 50) / 64);

const servicesThat = (vectorOf: (text: string) => Float32Array): CodecServices => ({
  ...noServices("vectors are enough"),
  sentenceVectors: async (texts) => texts.map(vectorOf),
});

test("the alphabets hold 49 and 56 distinct single characters and say where they come from", () => {
  for (const [{ symbols, source }, size] of [
    [ALPHABET_A, 49],
    [ALPHABET_B, 56],
  ] as const) {
    expect(symbols).toHaveLength(size);
    expect(new Set(symbols).size).toBe(size);
    for (const symbol of symbols) expect(symbol).toMatch(/^\p{L}$/u);
    expect(source).not.toBe("");
  }
  expect([ALPHABET_A.symbols[0], ALPHABET_A.symbols[48]]).toEqual(["丂", "黽"]);
  expect([ALPHABET_B.symbols[0], ALPHABET_B.symbols[55]]).toEqual(["亖", "黵"]);
});

test.for(fixture.projections)("$codec, $width wide, $symbols symbols: what Java prints", async (expected) => {
  const services = servicesThat(() => knownVector(expected.width));
  const codec = createCodec({ codec: expected.codec, parameters: { symbols: expected.symbols } }, services, "test");
  expect(await codec.encode([input("anything")])).toEqual([{ text: expected.text }]);
  expect(codec.alphabet).toEqual(expect.arrayContaining([...expected.text]));
});

test("the published program, v and W from one generator, prints the same 16 hanzi", () => {
  const random = new JavaRandom(42);
  const v = Array.from({ length: 128 }, () => random.nextDouble());
  const matrix = gaussianMatrix(random, 16, 128);
  expect(projectedEncoding(v, matrix, { alphabet: ALPHABET_A, scale: 1000 })).toEqual({ text: fixture.published });
});

test.for(["random-projection", "minilm-projection"])("%s reads the original and nothing else", async (codec) => {
  const asked: string[][] = [];
  const services: CodecServices = {
    ...noServices("vectors are enough"),
    sentenceVectors: async (texts) => {
      asked.push([...texts]);
      return texts.map((text) => knownVector(32).map((value) => value * text.length));
    },
  };
  const encodings = await createCodec({ codec, parameters: {} }, services, "test").encode([
    input("one"),
    input("three"),
    { original: "one", encodings: { zh: "一" }, questions: [] },
  ]);
  expect(asked).toEqual([["one", "three", "one"]]);
  expect(encodings[0]).toEqual(encodings[2]);
  expect(encodings[0]).not.toEqual(encodings[1]);
  expect(encodings[0]).toEqual({ text: expect.stringMatching(/^\p{Script=Han}{16}$/u) });
});

test.for(["random-projection", "minilm-projection"])("%s loses the sign, as published", async (codec) => {
  const services = servicesThat((text) => knownVector(64).map((value) => (text === "minus" ? -value : value)));
  const [plus, minus] = await createCodec({ codec, parameters: {} }, services, "test").encode([
    input("plus"),
    input("minus"),
  ]);
  expect(plus).toEqual(minus);
});

test("a vector that is not finite has no code, and says so", async () => {
  const services = servicesThat(() => Float32Array.of(1, Number.NaN, 1));
  const codec = createCodec({ codec: "random-projection", parameters: {} }, services, "test");
  expect(await codec.encode([input("x")])).toEqual([{ missing: expect.stringContaining("NaN") }]);
});

test("no originals, no codes", async () => {
  const codec = createCodec(
    { codec: "minilm-projection", parameters: {} },
    servicesThat(() => knownVector(8)),
    "test",
  );
  expect(await codec.encode([])).toEqual([]);
});

test("vectors of different widths are a defect of the service", async () => {
  const services = servicesThat((text) => knownVector(text.length));
  const codec = createCodec({ codec: "random-projection", parameters: {} }, services, "test");
  await expect(codec.encode([input("four"), input("seven..")])).rejects.toThrow("width 7 meets a row of 4");
});

test.for(["random-projection", "minilm-projection"])("%s of a named embedder's vectors", async (codec) => {
  const services: CodecServices = {
    ...noServices("the observed model is not asked"),
    embed: async (reference, texts) => ({
      embedder: { reference, digest: "", width: 32 },
      vectors: texts.map(() => knownVector(32)),
    }),
  };
  const named = createCodec({ codec, parameters: { embedder: "minilm" } }, services, "test");
  const own = createCodec(
    { codec, parameters: {} },
    servicesThat(() => knownVector(32)),
    "test",
  );
  expect(await named.encode([input("one")])).toEqual(await own.encode([input("one")]));
});
