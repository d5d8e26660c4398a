/** The engine against PyTorch on the same weights (tests/oracles/smollm2.py). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../../../providers/contract.ts";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { type Trace, traceText } from "../../../providers/embedded/traceText.ts";
import { logProbs } from "../logProbs.ts";
import { openDefaultModel } from "./defaultModel.ts";
import {
  absoluteError,
  fixture,
  logSoftmax,
  mostLikely,
  type OracleTensor,
  relativeError,
  rowOf,
  tensors,
} from "./oracle.ts";

const WIDTH = 576;
const LAYERS = 30;
const VOCABULARY = 49152;
/** Float32 noise itself is 1e-5 a row, and 1e-4 in logits. */
const STATE_TOLERANCE = 3e-5;
const LOGIT_TOLERANCE = 5e-4;
const LOG_PROB_TOLERANCE = 1e-4;

interface StatesFixture {
  readonly attentionLayers: readonly number[];
  readonly texts: readonly {
    readonly text: string;
    readonly special: boolean;
    readonly prefix: string;
    readonly ids: readonly number[];
    readonly positions: readonly number[];
    readonly top5: readonly (readonly number[])[];
    readonly top5LogSoftmax: readonly (readonly number[])[];
    readonly nextLogSoftmax: readonly number[];
  }[];
}
interface BranchesFixture {
  readonly prefix: { readonly pieces: readonly string[]; readonly ids: readonly number[] };
  readonly otherPrefix: { readonly pieces: readonly string[]; readonly ids: readonly number[] };
  readonly continuations: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly logSoftmax: readonly number[];
    readonly otherLogSoftmax: readonly number[];
    readonly kl: readonly number[];
    readonly klReverse: readonly number[];
  }[];
  readonly lastPrefixState: { readonly tap: string; readonly values: readonly number[] };
}
interface GreedyFixture {
  readonly prompt: string;
  readonly promptIds: readonly number[];
  readonly ids: readonly number[];
  readonly text: string;
}

const states = fixture<StatesFixture>("smollm2-states.json");
const expectedTensors = tensors("smollm2-states.safetensors");
const branches = fixture<BranchesFixture>("smollm2-branches.json");
const greedy = fixture<GreedyFixture>("smollm2-greedy.json");

/** Rows at `positions` of `actual` [tokens, width] against the rows of `expected`. */
function worstRow(actual: Float32Array, expected: OracleTensor, positions: readonly number[]): number {
  return Math.max(
    ...positions.map((position, i) => relativeError(rowOf(actual, position, WIDTH), rowOf(expected.data, i, WIDTH))),
  );
}

describe.each(["float32", "packed"] as const)("%s weights", (weights) => {
  let provider: EmbeddedProvider;
  beforeAll(async () => {
    provider = await openDefaultModel(weights);
  });
  afterAll(() => provider?.close());

  it("are what was opened", () => {
    expect(provider.identity).toMatchObject({
      weights: `${weights} (as asked)`,
      quantisation: "Q4_1",
      layers: LAYERS,
      width: WIDTH,
      vocabulary: VOCABULARY,
      contextLength: 8192,
    });
  });

  describe.each(states.texts)(
    "$text",
    ({ text, special, prefix, ids, positions, top5, top5LogSoftmax, nextLogSoftmax }) => {
      const oracle = (name: string) => expectedTensors.get(prefix + name) as OracleTensor;
      let trace: Trace;
      const tap = (name: string) => trace.get(name)?.data as Float32Array;
      beforeAll(async () => {
        trace = await traceText(provider, { ids });
      });

      it("is tokenised alike", () => {
        expect(provider.tokenizer.encode(text, { special })).toEqual(ids);
      });

      it("has the same states in every layer", () => {
        const names = [...Array.from({ length: LAYERS + 1 }, (_, layer) => `hidden.${layer}`), "final_norm"];
        const errors = Object.fromEntries(names.map((name) => [name, worstRow(tap(name), oracle(name), positions)]));
        const large = Object.entries(errors).filter(([, error]) => error > STATE_TOLERANCE);
        expect(Object.fromEntries(large)).toEqual({});
      });

      it("has the same logits and most likely tokens", async () => {
        expect(absoluteError(tap("logits"), oracle("logits").data)).toBeLessThanOrEqual(LOGIT_TOLERANCE);
        const dims = [ids.length, WIDTH];
        const outputs = await provider.engine.run("logits", { h: { type: "float32", data: tap("final_norm"), dims } });
        ids.forEach((_, position) => {
          const logProbs = logSoftmax(rowOf(outputs.logits?.data as Float32Array, position, VOCABULARY));
          const best = mostLikely(logProbs, 5);
          expect(best).toEqual(top5[position]);
          expect(
            absoluteError(
              best.map((id) => logProbs[id] as number),
              top5LogSoftmax[position] ?? [],
            ),
          ).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
        });
      });

      it("has the same log-probabilities of its tokens", async () => {
        const row: Row = [
          { ids: ids.slice(0, 1), parent: null },
          { ids: ids.slice(1), parent: 0 },
        ];
        const { scores } = await provider.read({
          rows: [row],
          states: [],
          pools: [],
          scores: [{ row: 0, segment: 1 }],
          comparisons: [],
        });
        expect(absoluteError(logProbs(scores[0]), nextLogSoftmax)).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
      });
    },
  );

  it("has the same attention maps", async () => {
    const { ids, prefix } = states.texts[0] as (typeof states.texts)[number];
    const trace = await traceText(provider, { ids });
    for (const layer of states.attentionLayers) {
      const expected = expectedTensors.get(`${prefix}attention.${layer}`) as OracleTensor;
      expect(absoluteError(trace.get(`attention.${layer}`)?.data ?? [], expected.data)).toBeLessThanOrEqual(1e-5);
    }
  });

  it("reads branches alike: log-probabilities, divergences both ways, the prefix's last state", async () => {
    const row = (ids: readonly number[]): Row => [
      { ids, parent: null },
      ...branches.continuations.map((continuation) => ({ ids: continuation.ids, parent: 0 })),
    ];
    const refs = (segment: number) => [0, 1].map((index) => ({ row: index, segment }));
    const result = await provider.read({
      rows: [row(branches.prefix.ids), row(branches.otherPrefix.ids)],
      states: [{ row: 0, segment: 0 }],
      pools: [],
      scores: branches.continuations.map((_, i) => ({ row: 0, segment: i + 1 })),
      comparisons: branches.continuations.flatMap((_, i) => [refs(i + 1), refs(i + 1).reverse()]),
    });
    branches.continuations.forEach(({ logSoftmax: own, otherLogSoftmax, kl, klReverse }, i) => {
      const column = (table: readonly (readonly number[])[] | undefined, index: number) =>
        (table ?? []).map((line) => line[index] as number);
      const [there, back] = [result.comparisons[2 * i], result.comparisons[2 * i + 1]];
      expect(absoluteError(logProbs(result.scores[i]), own)).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
      expect(absoluteError(column(there?.logProb, 0), own)).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
      expect(absoluteError(column(there?.logProb, 1), otherLogSoftmax)).toBeLessThanOrEqual(LOG_PROB_TOLERANCE);
      expect(absoluteError(column(there?.kl, 1), kl)).toBeLessThanOrEqual(1e-4);
      expect(absoluteError(column(back?.kl, 1), klReverse)).toBeLessThanOrEqual(1e-4);
      expect(column(there?.kl, 0)).toEqual(kl.map(() => 0));
    });
    expect(branches.lastPrefixState.tap).toBe(`hidden.${LAYERS}`);
    const expected = Float32Array.from(branches.lastPrefixState.values);
    expect(relativeError(rowOf(result.states, LAYERS, WIDTH), expected)).toBeLessThanOrEqual(STATE_TOLERANCE);
  });

  it("continues greedily alike", async () => {
    expect(provider.tokenizer.encode(greedy.prompt)).toEqual(greedy.promptIds);
    const drawn = await provider.sample({
      prompts: [{ ids: greedy.promptIds, seed: 1 }],
      samples: 1,
      maxTokens: greedy.ids.length,
      temperature: 0,
    });
    expect(drawn).toEqual([[greedy.ids]]);
    expect(provider.tokenizer.decode(drawn[0]?.[0] ?? [])).toBe(greedy.text);
  });
});
