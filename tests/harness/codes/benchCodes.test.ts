import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Matrix } from "../../../codecs/quantisers/Quantiser.ts";
import { type BenchOptions, benchCodes } from "../../../harness/codes/benchCodes.ts";
import { CODE_KINDS, type CodeKind, codeShape } from "../../../harness/codes/codeKinds.ts";
import { codeRecords, codesCsv } from "../../../harness/codes/codesCsv.ts";
import { codesFootnotes, codesTable } from "../../../harness/codes/codesTable.ts";
import { keptVectors } from "../../../harness/codes/keptVectors.ts";
import { generatorFor } from "../../../harness/random.ts";
import type { Provider } from "../../../providers/contract.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-codes-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Standard normal, by Box and Muller; dimension k is stretched by 1/(k + 1) and moved by 0.5. */
function gaussians(rows: number, width: number, name: string): Matrix {
  const random = generatorFor(1, name);
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32;
  const data = Float32Array.from(
    { length: rows * width },
    (_, i) => 0.5 + (Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())) / ((i % width) + 1),
  );
  return { rows, width, data };
}

const width = 8;
const vectors = gaussians(400, width, "held out");
const named = (...names: string[]): CodeKind[] => CODE_KINDS.filter(({ name }) => names.includes(name));
const options = (): BenchOptions => ({
  training: gaussians(600, width, "training"),
  sets: [{ name: "held out", vectors, clusters: Array.from({ length: 400 }, (_, i) => String(i)) }],
  kinds: named("pq", "scalar").map((kind) => ({ ...kind, entries: 16 })),
  bits: 16,
  seed: 1,
  folder,
  symbols: { symbols: [..."天地玄黄宇宙洪荒日月盈昃辰宿列张"], source: "hanzi of a primer" },
  tokenizers: [{ name: "letters", count: (text) => [...text].length }],
  progress: () => {},
});
const subject = {
  embedder: "toy",
  embedderDigest: "d",
  width,
  trainingRows: 600,
  trainingDigest: "t",
  seed: 1,
};

describe("benchCodes", () => {
  it("puts each code between its floors and a Gaussian's bound", async () => {
    const [result] = await benchCodes(options());
    if (result === undefined) throw new Error("no result");
    expect(result.codes.map(({ code, bits }) => [code, bits])).toEqual([
      ["scalar", 16],
      ["pq", 16],
    ]);
    for (const { centred, bound, exchanged, random, recall1, tokens } of result.codes) {
      expect(centred.value).toBeGreaterThan(exchanged.centred.value + 0.3);
      expect(centred.value).toBeGreaterThan(random.centred.value + 0.3);
      // These vectors are Gaussian, so no code of one vector at a time passes the bound.
      expect(centred.value).toBeLessThan(bound.centred);
      expect(bound.centred).toBeGreaterThan(bound.white);
      expect(bound.optimistic).toBe(false);
      expect(recall1).toBeGreaterThan(result.constant.recall1);
      expect(tokens).toEqual({ perCode: { letters: 4 }, alphabet: "16 of the hanzi of a primer" });
    }
    expect(result.constant.centred.value).toBe(0);
    expect(result.constant.raw.value).toBeGreaterThan(0.3);
  });

  it("takes a trained code from the folder, unless it was damaged", async () => {
    const first = await benchCodes(options());
    expect(first[0]?.codes.every(({ trained }) => trained !== null)).toBe(true);
    const again = await benchCodes(options());
    expect(again[0]?.codes.every(({ trained }) => trained === null)).toBe(true);
    const numbers = (results: typeof first) => codesCsv(results, subject);
    expect(numbers(again)).toBe(numbers(first));
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".f32")))
      appendFileSync(join(folder, name), "x");
    const third = await benchCodes(options());
    expect(third[0]?.codes.every(({ trained }) => trained !== null)).toBe(true);
    expect(numbers(third)).toBe(numbers(first));
  });

  it("writes a row a code and one for the constant, with full precision, and a table of 80 columns", async () => {
    const results = await benchCodes(options());
    const rows = parse(codesCsv(results, subject), { columns: true }) as Record<string, string>[];
    expect(rows.map(({ code }) => code)).toEqual(["scalar", "pq", "constant"]);
    expect(new Set(rows.map((row) => Object.keys(row).join())).size).toBe(1);
    expect(Number(rows[1]?.centred)).toBe(results[0]?.codes[1]?.centred.value);
    expect(rows[2]).toMatchObject({ bits: "0", centred: "0", bound_centred: "", tokens_letters: "" });
    expect(codeRecords(results, subject)[0]).toMatchObject({ tokens_letters: 4, places: 4, embedder: "toy" });
    const wide = results.map((result) => ({
      ...result,
      codes: result.codes.map((row) => ({ ...row, code: "entropy-published" })),
    }));
    const text = `${codesTable(wide)}\n${codesFootnotes(wide, width)}`;
    expect(Math.max(...text.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(80);
    expect(text).toContain("held out: 400 sentences");
  });
});

describe("codeShape", () => {
  it("spends the bits that are asked for, and leaves published sizes alone", () => {
    const shapes = Object.fromEntries(CODE_KINDS.map((kind) => [kind.name, codeShape(kind, 128)]));
    expect(shapes).toMatchObject({
      pq: { places: 16, entries: 256 },
      scalar: { places: 64, entries: 4 },
      "vq-published": { places: 1, entries: 128 },
      "entropy-published": { places: 32, entries: 192 },
    });
  });
});

describe("keptVectors", () => {
  let asked: string[][] = [];
  const embedder = (shift: number) =>
    ({
      identity: { digest: "m", engine: "e", weights: "w", tokenizerDigest: "t", reference: "toy" },
      capabilities: { embeddings: true },
      embed: async (texts: readonly string[]) => {
        asked.push([...texts]);
        return texts.map((text) => Float32Array.of(text.length, shift, Number(text.slice(1)) || 1));
      },
    }) as unknown as Provider;
  const texts = Array.from({ length: 300 }, (_, i) => `s${i}`);
  beforeEach(() => {
    asked = [];
  });

  it("asks in chunks, and afterwards only for a few, to see that nothing changed", async () => {
    const made = await keptVectors(embedder(1), texts, { folder });
    expect(made).toMatchObject({ rows: 300, width: 3 });
    expect(Array.from(made.data.subarray(3 * 150, 3 * 151))).toEqual([4, 1, 150]);
    expect(asked.map((chunk) => chunk.length)).toEqual([256, 44]);
    asked = [];
    expect(await keptVectors(embedder(1), texts, { folder })).toEqual(made);
    expect(asked.map((chunk) => chunk.length)).toEqual([8]);
  });

  it("makes them anew where the model answers otherwise, the texts differ, or the file is damaged", async () => {
    await keptVectors(embedder(1), texts, { folder });
    const changed = await keptVectors(embedder(50), texts, { folder });
    expect(changed.data[1]).toBe(50);
    expect((await keptVectors(embedder(50), texts.slice(1), { folder })).rows).toBe(299);
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".f32")))
      appendFileSync(join(folder, name), "x");
    asked = [];
    expect(await keptVectors(embedder(50), texts, { folder })).toEqual(changed);
    expect(asked.map((chunk) => chunk.length)).toEqual([256, 44]);
  });
});
