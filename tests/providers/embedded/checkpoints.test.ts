/**
 * Every architecture against PyTorch transformers: tiny random checkpoints and what they compute, layer by layer
 * (tests/oracles/checkpoints.py, checkpointsGguf.py). Tolerances: relative error a row 3e-5 on states, 5e-4 absolute
 * on logits, same most likely token, whatever the form of the weights.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { dequantize } from "../../../providers/embedded/formats/dequantize.ts";
import { readSafetensors } from "../../../providers/embedded/formats/safetensorsFile.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { type Trace, traceText } from "../../../providers/embedded/traceText.ts";
import { absoluteError, type OracleTensor, relativeError, rowOf } from "./oracle.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MODELS = fileURLToPath(new URL("../../oracles/fixtures/models/", import.meta.url));
const NAMES = readdirSync(MODELS);
const ENCODERS = ["bert", "xlm-roberta", "bert-gguf", "xlm-roberta-gguf"];
/** No matrix of these stays packed. */
const FLOATS = /^(?!.*-gguf$)|llama3-gguf|llama-bias-gguf|bert-gguf/;

interface Expected {
  readonly tensors: ReadonlyMap<string, OracleTensor>;
  ids(prompt: number | "greedy"): number[];
}

function expectedOf(name: string): Expected {
  const path = join(MODELS, name, "expected.safetensors");
  const bytes = readFileSync(path);
  const { tensors } = readSafetensors(path);
  const part = ({ offset, bytes: length }: { offset: number; bytes: number }) =>
    Uint8Array.from(bytes.subarray(offset, offset + length));
  return {
    tensors: new Map(
      [...tensors]
        .filter(([, { type }]) => type === "F32")
        .map(([key, tensor]) => {
          const elements = tensor.shape.reduce((a, b) => a * b, 1);
          return [key, { shape: tensor.shape, data: dequantize("F32", part(tensor), elements) }];
        }),
    ),
    ids: (prompt) => {
      const tensor = tensors.get(`${prompt}/ids`);
      return tensor ? [...new BigInt64Array(part(tensor).buffer)].map(Number) : [];
    },
  };
}

const top = (logits: Float32Array) => logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));

/** Worst relative error over rows of `width`. */
function worstRow(actual: Float32Array, expected: Float32Array, width: number): number {
  const rows = expected.length / width;
  return Math.max(
    ...Array.from({ length: rows }, (_, row) => relativeError(rowOf(actual, row, width), rowOf(expected, row, width))),
  );
}

/** Everything that the oracle says of a prompt. */
function compare(trace: Trace, { tensors }: Expected, prompt: number): void {
  const names = [...tensors.keys()].filter((key) => key.startsWith(`${prompt}/`) && !/mean|cls/.test(key));
  expect(names.length).toBeGreaterThan(5);
  for (const full of names) {
    const name = full.slice(full.indexOf("/") + 1);
    const { shape, data } = tensors.get(full) as OracleTensor;
    const actual = trace.get(name);
    expect(actual?.shape, full).toEqual(shape);
    const values = actual?.data as Float32Array;
    const width = shape[shape.length - 1] as number;
    if (name.startsWith("attention")) expect(absoluteError(values, data), full).toBeLessThanOrEqual(1e-5);
    else if (name !== "logits") expect(worstRow(values, data, width), full).toBeLessThanOrEqual(3e-5);
    else {
      expect(absoluteError(values, data), full).toBeLessThanOrEqual(5e-4);
      for (let row = 0; row < (shape[0] as number); row++)
        expect(top(rowOf(values, row, width)), `${full}, token ${row}`).toBe(top(rowOf(data, row, width)));
    }
  }
}

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "isoglyph-checkpoints-"));
  vi.stubEnv("ISOGLYPH_CACHE", cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const cases = NAMES.flatMap((name) =>
  (FLOATS.test(name) ? (["float32"] as const) : (["float32", "packed"] as const)).map((form) => [name, form] as const),
);

describe.each(cases)("%s, %s weights", (name, form) => {
  const expected = expectedOf(name);
  const prompts = [0, 1].map((prompt) => expected.ids(prompt));
  const encoder = ENCODERS.includes(name);
  let provider: EmbeddedProvider;
  beforeAll(async () => {
    const file = join(MODELS, name, "model.gguf");
    const path = existsSync(file) ? file : join(MODELS, name);
    provider = await openModel(path, { weights: form, purpose: "batch", threads: 1 });
  });
  afterAll(() => provider?.close());

  it("computes what PyTorch does, at every tap", async () => {
    expect(provider.identity.weights.split(" ")[0]).toBe(form);
    for (const [prompt, ids] of prompts.entries())
      compare(await traceText(provider, { ids }, { logits: "all" }), expected, prompt);
  });

  it("goes on from its own embeddings", async () => {
    const trace = await traceText(provider, { ids: prompts[0] as number[] }, { logits: "all" });
    const embeddings = trace.get("hidden.0")?.data as Float32Array;
    const again = await traceText(provider, { embeddings }, { logits: "all" });
    expect([...again.keys()].sort()).toEqual([...trace.keys()].sort());
    for (const [tap, { data }] of trace) expect(absoluteError(again.get(tap)?.data ?? [], data), tap).toBe(0);
  });

  it("reads a text alike, alone and among 31 others, of any length and in any order", async () => {
    const rows = Array.from({ length: 32 }, (_, i) => {
      const ids = prompts[i % 2] as number[];
      return [
        { ids: i < 2 ? ids : ids.slice(0, 1 + ((5 * i) % ids.length)).map((id) => (id + i) % 280), parent: null },
      ];
    });
    const request = { pools: [], scores: [], comparisons: [] };
    const states = (some: typeof rows) =>
      provider.read({ ...request, rows: some, states: some.map((_, row) => ({ row, segment: 0 })) });
    const { width, layers } = provider.identity;
    const state = (data: Float32Array, count: number, row: number, layer: number) =>
      rowOf(data, layer * count + row, width);
    const orders = [rows, [...rows].reverse()];
    for (const [order, some] of orders.entries()) {
      const together = (await states(some)).states;
      for (const prompt of [0, 1]) {
        const alone = (await states([rows[prompt] as (typeof rows)[number]])).states;
        for (let layer = 0; layer <= layers; layer++) {
          const place = order === 0 ? prompt : 31 - prompt;
          const [own, shared] = [state(alone, 1, 0, layer), state(together, 32, place, layer)];
          expect(relativeError(shared, own), `prompt ${prompt}, state ${layer}, order ${order}`).toBeLessThanOrEqual(
            1e-5,
          );
        }
      }
    }
    // What a leak between neighbours would look like: one token of the text itself is another one.
    const [own] = rows[0] as (typeof rows)[number];
    const changed = { ids: own?.ids.with(-2, ((own.ids.at(-2) as number) + 1) % 280) ?? [], parent: null };
    const other = (await states([[changed]])).states;
    const alone = (await states([rows[0] as (typeof rows)[number]])).states;
    expect(relativeError(state(other, 1, 0, layers), state(alone, 1, 0, layers))).toBeGreaterThan(1e-4);
  });

  it.runIf(encoder)("embeds a text as the mean of its tokens' states", async () => {
    const { tensors } = expected;
    for (const [prompt, ids] of prompts.entries()) {
      const row = [{ ids, parent: null }];
      const read = await provider.read({
        rows: [row],
        states: [],
        pools: [{ row: 0, segment: 0 }],
        scores: [],
        comparisons: [],
      });
      expect(
        relativeError(read.pools[0] as Float32Array, tensors.get(`${prompt}/mean`)?.data as Float32Array),
      ).toBeLessThanOrEqual(3e-5);
    }
    await expect(provider.sample({ prompts: [], samples: 1, maxTokens: 1, temperature: 1 })).rejects.toMatchObject({
      code: "capability-missing",
    });
  });

  it.runIf(!encoder)("continues from its cache as without one, prompts of unlike lengths side by side", async () => {
    const request = { samples: 1, maxTokens: 12, temperature: 0 };
    const draw = (some: number[][]) => provider.sample({ ...request, prompts: some.map((ids) => ({ ids, seed: 0 })) });
    const [[first], [second]] = (await draw(prompts)) as [number[][], number[][]];
    const greedy = expected.ids("greedy");
    if (greedy.length > 0) expect(second).toEqual(greedy.slice(0, second?.length));
    for (const [prompt, drawn] of [first, second].entries()) {
      const ids = [...(prompts[prompt] as number[])];
      for (const id of drawn as number[]) {
        const logits = (await traceText(provider, { ids })).get("logits")?.data as Float32Array;
        const best = logits[top(logits)] as number;
        // Equal within the noise of float32, where two tokens are as likely.
        expect(best - (logits[id] as number)).toBeLessThanOrEqual(1e-3);
        ids.push(id);
      }
    }
    expect(first?.length).toBeGreaterThan(0);
  });
});
