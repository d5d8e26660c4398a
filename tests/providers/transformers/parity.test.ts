/** Both engines on the same files and the same requests. Needs Python with PyTorch. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadRequest, ReadResult, Row, SegmentRef } from "../../../providers/contract.ts";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { openTransformers } from "../../../providers/transformers/openTransformers.ts";
import type { TransformersProvider } from "../../../providers/transformers/TransformersProvider.ts";
import { absoluteError, relativeError, rowOf } from "../embedded/oracle.ts";
import { logProbs } from "../logProbs.ts";

const PYTHON = process.env.ISOGLYPH_TEST_PYTHON ?? "";
const MODELS = fileURLToPath(new URL("../../oracles/fixtures/models/", import.meta.url));
const STATE_TOLERANCE = 3e-5;
const LOGIT_TOLERANCE = 5e-4;
// So little work that threads would only wait for each other.
process.env.OMP_NUM_THREADS = "1";

/** Trees of unlike length and shape; contexts longer than the sliding windows of 8; positions of their own. */
const AFTER = [7, 250, 64, 12];
const CONTEXTS = [
  [200, 9, 44, 17, 3, 91, 92, 93, 94, 95, 96, 97],
  [150, 3],
  [],
  [9, 9, 120, 33, 61, 72, 15],
  [200, 9, 44, 17, 3, 91, 92, 93, 94, 95, 96, 97],
];
function rowOfContext(ids: readonly number[], leaf: readonly number[], start?: number): Row {
  return [
    { ids: [5, 80, 31], parent: null },
    { ids, parent: 0 },
    { ids: AFTER, parent: 1, ...(start !== undefined && { start }) },
    { ids: leaf, parent: 2 },
    { ids: [99, 98, 97, 96, 95], parent: 2 },
  ];
}
const ROWS = CONTEXTS.length + 1;
const each = (segment: number): SegmentRef[] => Array.from({ length: ROWS }, (_, row) => ({ row, segment }));
const requestOf = (leaf: readonly number[]): ReadRequest => ({
  rows: [...CONTEXTS.map((ids) => rowOfContext(ids, leaf)), rowOfContext([77, 78], leaf, 15)],
  states: [0, 1, 2, 3, 4].flatMap(each),
  pools: [0, 2, 3, 4].flatMap(each),
  scores: [2, 3, 4].flatMap(each),
  comparisons: [2, 3, 4].map(each),
  jensenShannon: true,
  attention: each(2).map((ref) => ({ ...ref, context: 1 })),
});

const SAMPLES = {
  prompts: [[5, 80, 31], [9], [200, 9, 44], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]].map((ids, i) => ({
    ids,
    seed: 40 + i,
  })),
  samples: 3,
  maxTokens: 12,
};

describe.skipIf(PYTHON === "")("with Python (ISOGLYPH_TEST_PYTHON)", () => {
  describe.each(["llama", "qwen2", "gemma2", "gpt2", "mistral", "phi3-longrope"])("%s", (name) => {
    let embedded: EmbeddedProvider;
    let python: TransformersProvider;
    let expected: ReadResult;
    let actual: ReadResult;
    beforeAll(async () => {
      embedded = await openModel(MODELS + name, { weights: "float32", purpose: "batch", threads: 1 });
      python = await openTransformers(`transformers:${MODELS}${name}?device=cpu`, { python: PYTHON });
      // Angles of longrope go by the longest leaf of a row here, and by each leaf there: equal where these are.
      const request = requestOf(name === "phi3-longrope" ? [11, 12, 13, 14, 15] : [11, 12, 13]);
      expected = await embedded.read(request);
      actual = await python.read(request);
    });
    afterAll(async () => {
      await embedded?.close();
      await python?.close();
    });

    it("says the same of the model", () => {
      const { architecture, digest, quantisation, tokenizerDigest, contextLength, layers, width, vocabulary } =
        embedded.identity;
      expect(python.identity).toMatchObject({
        digest,
        quantisation,
        tokenizerDigest,
        contextLength,
        layers,
        width,
        vocabulary,
      });
      expect(architecture).toMatch(python.identity.architecture);
      expect(python.identity.engine).toMatch(/^transformers [\d.]+, torch [\w.+]+, cpu \(CPU\)$/);
      expect(python.capabilities).toEqual(embedded.capabilities);
    });

    it("reads the same states and pools", () => {
      const { width } = embedded.identity;
      expect(actual.states.length).toBe(expected.states.length);
      const errors = Array.from({ length: expected.states.length / width }, (_, row) =>
        relativeError(rowOf(actual.states, row, width), rowOf(expected.states, row, width)),
      );
      expect(Math.max(...errors)).toBeLessThan(STATE_TOLERANCE);
      const pools = expected.pools.map((pool, i) => relativeError(actual.pools[i] as Float32Array, pool));
      expect(Math.max(...pools)).toBeLessThan(STATE_TOLERANCE);
    });

    it("gives the same log-probabilities and divergences", () => {
      const close = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) => {
        expect(a.map((row) => row.length)).toEqual(b.map((row) => row.length));
        expect(absoluteError(Float32Array.from(a.flat()), Float32Array.from(b.flat()))).toBeLessThan(LOGIT_TOLERANCE);
      };
      close(actual.scores.map(logProbs), expected.scores.map(logProbs));
      expect(actual.comparisons.length).toBe(3);
      expected.comparisons.forEach((wanted, i) => {
        const given = actual.comparisons[i] as typeof wanted;
        close(given.kl, wanted.kl);
        close(given.logProb, wanted.logProb);
        close(given.js ?? [], wanted.js ?? []);
        expect(given.sameTop).toEqual(wanted.sameTop);
        // Row 4 repeats row 0; the others differ from it.
        for (const row of given.kl) {
          expect([row[0], row[4]]).toEqual([0, 0]);
          expect(row[1]).toBeGreaterThan(1e-4);
        }
      });
    });

    it("sees the same attention", () => {
      expect(actual.attention?.length).toBe(ROWS);
      expected.attention?.forEach((wanted, i) => {
        const given = actual.attention?.[i] as typeof wanted;
        expect([given.heads, given.tokens]).toEqual([wanted.heads, wanted.tokens]);
        wanted.weights.forEach((weights, layer) => {
          expect(absoluteError(given.weights[layer] as Float32Array, weights)).toBeLessThan(1e-5);
          const context = wanted.context[layer] as Float32Array;
          expect(given.context[layer]?.length).toBe(context.length);
          expect(absoluteError(given.context[layer] as Float32Array, context)).toBeLessThan(1e-5);
        });
      });
    });

    it("draws the same tokens", async () => {
      for (const settings of [
        { temperature: 0, samples: 1 },
        { temperature: 1 },
        { temperature: 0.7, topK: 20, topP: 0.9 },
        { temperature: 1.3, topP: 0.5, stop: ["e", "7"] },
      ]) {
        const request = { ...SAMPLES, ...settings };
        expect(await python.sample(request)).toEqual(await embedded.sample(request));
      }
    });

    it("refuses a text that is too long", async () => {
      const rows = [[{ ids: new Array<number>((python.identity.contextLength ?? 0) + 1).fill(3), parent: null }]];
      const read = python.read({ rows, states: [{ row: 0, segment: 0 }], pools: [], scores: [], comparisons: [] });
      await expect(read).rejects.toMatchObject({ code: "input-too-long" });
    });
  });
});
