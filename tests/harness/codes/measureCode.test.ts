import { describe, expect, it } from "vitest";
import type { Matrix, Quantiser } from "../../../codecs/quantisers/Quantiser.ts";
import { measureCode, NOISE_SHARES } from "../../../harness/codes/measureCode.ts";
import { ownRanks, recallAt } from "../../../harness/codes/recall.ts";
import { meanRow, similarity } from "../../../harness/codes/similarity.ts";
import { corrupted, exchangedCodes, randomCodes } from "../../../harness/codes/symbolNoise.ts";
import { symbolUse } from "../../../harness/codes/symbolUse.ts";
import fixture from "../../oracles/fixtures/codes.json" with { type: "json" };

const matrix = (values: readonly number[], width: number): Matrix => ({
  rows: values.length / width,
  width,
  data: Float32Array.from(values),
});
const apart = (rows: number) => Array.from({ length: rows }, (_, i) => `s${i}`);

describe("against numpy and scipy", () => {
  const { width, gallery, decoded, ranks, recall1, recall10, raw, centre, centred } = fixture.recall;
  const [own, out] = [matrix(gallery, width), matrix(decoded, width)];

  it("places own vectors, equal ones in the middle", () => {
    const found = ownRanks(out, own);
    expect(found).toEqual(ranks);
    expect(found.some((rank) => rank % 1 === 0.5)).toBe(true);
    expect([recallAt(found, 1), recallAt(found, 10)]).toEqual([recall1, recall10]);
  });

  it("takes cosines with and without the mean, with t intervals", () => {
    const round = ({ value, low, high }: typeof raw) => ({
      value: expect.closeTo(value, 5),
      low: expect.closeTo(low, 5),
      high: expect.closeTo(high, 5),
    });
    expect(Array.from(meanRow(own))).toEqual(centre.map((value) => expect.closeTo(value, 5)));
    const found = similarity(out, own, Float32Array.from(centre), apart(own.rows));
    expect(found).toEqual({ raw: round(raw), centred: round(centred) });
  });

  it("counts symbols", () => {
    const { codes, sizes, perplexity, entropy, entries } = fixture.use;
    const found = symbolUse(Uint16Array.from(codes), sizes);
    expect(found.perplexity).toBeCloseTo(perplexity, 9);
    expect(found.entropy).toBeCloseTo(entropy, 9);
    expect(found.entries).toBeCloseTo(entries, 9);
    expect(() => symbolUse(Uint16Array.of(0, 7, 0), sizes)).toThrow("symbol 7 at place 1");
  });
});

describe("what points nowhere", () => {
  it("scores 0 when centred, and stands in the middle of the gallery", () => {
    const own = matrix([1, 0, 0, 1, -1, 1, 2, 2], 2);
    const centre = meanRow(own);
    const constant = { ...own, data: Float32Array.from({ length: 8 }, (_, i) => centre[i % 2] as number) };
    expect(similarity(constant, own, centre, apart(4)).centred.value).toBe(0);
    const zeros = { ...own, data: new Float32Array(8) };
    expect(ownRanks(zeros, own)).toEqual([2.5, 2.5, 2.5, 2.5]);
  });
});

describe("symbol noise", () => {
  const sizes = [2, 256, 1];
  const codes = randomCodes(4000, sizes, 1);

  it("replaces the asked share by other symbols of the place, and is repeatable", () => {
    const noisy = corrupted(codes, sizes, 0.2, 1);
    expect(noisy).toEqual(corrupted(codes, sizes, 0.2, 1));
    for (const [place, share] of [0.2, 0.2, 0].entries()) {
      const changed = codes.filter((symbol, i) => i % 3 === place && symbol !== noisy[i]).length / 4000;
      // Four standard errors.
      expect(Math.abs(changed - share)).toBeLessThanOrEqual(4 * Math.sqrt((share * (1 - share)) / 4000));
    }
    for (const [i, symbol] of noisy.entries()) expect(symbol).toBeLessThan(sizes[i % 3] as number);
    // A replaced symbol may be any other one.
    const given = Uint16Array.from({ length: 3000 }, () => 1);
    const others = new Set(corrupted(given, [3], 1, 5));
    expect([...others].sort()).toEqual([0, 2]);
    expect(corrupted(codes, sizes, 0, 1)).toEqual(codes);
  });

  it("gives nobody their own code back", () => {
    const rows = Uint16Array.from({ length: 20 }, (_, i) => Math.floor(i / 2));
    const exchanged = exchangedCodes(rows, 2, 3);
    expect([...exchanged].sort((a, b) => a - b)).toEqual([...rows]);
    for (let i = 0; i < 20; i++) expect(exchanged[i]).not.toBe(rows[i]);
    for (let i = 0; i < 20; i += 2) expect(exchanged[i]).toBe(exchanged[i + 1]);
    expect(() => exchangedCodes(Uint16Array.of(1), 1, 1)).toThrow(RangeError);
  });
});

/** Each dimension to the nearest of four steps in [−1.5, 1.5]. */
const STEPS = [-1.5, -0.5, 0.5, 1.5];
const toy = (width: number): Quantiser => ({
  kind: "toy",
  width,
  sizes: new Array(width).fill(4),
  nested: false,
  encode: async ({ data }) => Uint16Array.from(data, (value) => Math.max(0, Math.min(3, Math.round(value + 1.5)))),
  decode: (codes) => ({
    rows: codes.length / width,
    width,
    data: Float32Array.from(codes, (symbol) => STEPS[symbol] as number),
  }),
  tensors: {},
});

describe("measureCode", () => {
  const width = 8;
  const random = randomCodes(300, new Array(width).fill(1000), 4);
  const vectors = { rows: 300, width, data: Float32Array.from(random, (value) => (value - 499.5) / 250) };
  const set = { name: "toy", vectors, clusters: apart(300) };

  it("finds a code that works far above its floors, and its bits, and its decay under noise", async () => {
    const found = await measureCode(toy(width), set, meanRow(vectors), 1);
    expect(found).toMatchObject({ bits: 16, places: 8, recall1: expect.closeTo(1, 1) });
    // Uniform over four steps of width 1 (variance 16/12, error 1/12): cos² = 15/16.
    expect(found.raw.value).toBeCloseTo(Math.sqrt(15 / 16), 2);
    expect(found.use.perplexity).toBeGreaterThan(3.9);
    expect(found.exchanged.centred.value).toBeCloseTo(0, 1);
    expect(found.random.centred.value).toBeCloseTo(0, 1);
    expect(found.survival.map(({ share }) => share)).toEqual(NOISE_SHARES);
    const decay = [found.centred, ...found.survival.map(({ centred }) => centred)].map(({ value }) => value);
    expect(decay).toEqual(decay.toSorted((a, b) => b - a));
    expect(decay.at(-1)).toBeLessThan((decay[0] as number) - 0.1);
  });

  it("finds a code that says the same for all worthless, however high its raw cosine", async () => {
    const lifted = { ...vectors, data: vectors.data.map((value) => value + 5) };
    const mean = meanRow(lifted);
    const constant: Quantiser = {
      ...toy(width),
      sizes: [2],
      encode: async ({ rows }) => new Uint16Array(rows),
      decode: (codes) => ({
        rows: codes.length,
        width,
        data: Float32Array.from({ length: codes.length * width }, (_, i) => mean[i % width] as number),
      }),
    };
    const found = await measureCode(constant, { ...set, vectors: lifted }, mean, 1);
    expect(found.raw.value).toBeGreaterThan(0.95);
    expect(found.exchanged.raw.value).toBe(found.raw.value);
    expect(found.centred.value).toBe(0);
    expect(found.recall1).toBeLessThan(0.01);
    expect(found.use.perplexity).toBe(1);
  });
});
