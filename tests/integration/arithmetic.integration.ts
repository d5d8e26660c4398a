/** Arithmetic coding with the default model: every original of the default suite comes back. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Provider } from "../../providers/contract.ts";
import { openModel } from "../../providers/embedded/openModel.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { codecOn, encodedTexts } from "../codecs/text/tinyModel.ts";
import { defaultModelFile } from "./defaultModelFile.ts";

const absent = defaultModelFile() === null;
if (absent) console.warn(`skipped: arithmetic coding, because ${DEFAULT_MODEL} was not fetched`);

const ITEMS = 100;
const originals = readFileSync(new URL("../../suites/everyday/items.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(0, ITEMS)
  .map((line) => (JSON.parse(line) as { original: string }).original);

describe.skipIf(absent)("arithmetic coding", () => {
  let model: Provider;
  beforeAll(async () => {
    model = await openModel(DEFAULT_MODEL, { weights: "auto", purpose: "latency" });
  });
  afterAll(() => model.close());

  it("100 originals decode exactly, in fewer bits than gzip could hope for", { timeout: 1_200_000 }, async () => {
    const codec = codecOn(model, "arithmetic", { alphabet: "hanzi-smollm2" });
    const codes = await encodedTexts(codec, originals);
    expect(await codec.decode?.(codes)).toEqual(originals);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const symbols = sum(codes.map((code) => [...code].length));
    const bits = (symbols * Math.log2(74)) / sum(originals.map((text) => [...text].length));
    const tokens = (texts: readonly string[]) => sum(texts.map((text) => model.tokenizer.encode(text).length));
    console.log(
      `${bits.toFixed(2)} bits a character, header included; ${tokens(codes)} tokens for ${tokens(originals)}`,
    );
    // A symbol of this alphabet is a token of this model.
    expect(tokens(codes)).toBe(symbols);
    expect(bits).toBeLessThan(3);
  });
});
