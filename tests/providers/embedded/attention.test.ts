/** Attention summaries against the whole attention maps (which PyTorch confirms, checkpoints.test.ts) and values made by hand. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AttentionSummary, Row } from "../../../providers/contract.ts";
import type { EmbeddedProvider } from "../../../providers/embedded/EmbeddedProvider.ts";
import { readSafetensors } from "../../../providers/embedded/formats/safetensorsFile.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { type Trace, traceText } from "../../../providers/embedded/traceText.ts";

const [HEADS, GROUP, SIZE, WIDTH] = [4, 2, 8, 32];
const FOLDER = fileURLToPath(new URL("../../oracles/fixtures/models/llama", import.meta.url));
const BEFORE = [5, 80, 31];
const AFTER = [7, 250, 64];
const CONTEXTS = [[200, 9, 44, 17, 3], [150], [], [9, 9, 120, 33, 61, 72, 15]];

let provider: EmbeddedProvider;
let summaries: readonly AttentionSummary[];
beforeAll(async () => {
  provider = await openModel(FOLDER, { weights: "float32", purpose: "batch", threads: 1 });
  // A branch between context and readout in the request: what looks does not see it.
  const rows = CONTEXTS.map(
    (ids): Row => [
      { ids: BEFORE, parent: null },
      { ids, parent: 0 },
      { ids: [1, 2, 3], parent: 1 },
      { ids: AFTER, parent: 1 },
      { ids: [4, 5], parent: 3 },
    ],
  );
  const attention = rows.map((_, row) => ({ row, segment: 3, context: 1 }));
  const read = await provider.read({ rows, states: [], pools: [], scores: [], comparisons: [], attention });
  summaries = read.attention ?? [];
});
afterAll(() => provider?.close());

const traceOf = (context: readonly number[]) =>
  traceText(provider, { ids: [...BEFORE, ...context, ...AFTER] }, { logits: "all" });

/** W_v · rmsnorm(h) · g, straight from the checkpoint's file, in float64: [tokens][keyValueHeads · size]. */
function valuesOf(trace: Trace, layer: number): number[][] {
  const path = `${FOLDER}/model.safetensors`;
  const { tensors } = readSafetensors(path);
  const bytes = readFileSync(path);
  const tensor = (name: string) => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`no tensor ${name}: ${[...tensors.keys()]}`);
    return new Float32Array(Uint8Array.from(bytes.subarray(found.offset, found.offset + found.bytes)).buffer);
  };
  const matrix = tensor(`model.layers.${layer}.self_attn.v_proj.weight`);
  const gain = tensor(`model.layers.${layer}.input_layernorm.weight`);
  const hidden = trace.get(`hidden.${layer}`)?.data as Float32Array;
  return Array.from({ length: hidden.length / WIDTH }, (_, token) => {
    const h = Array.from(hidden.subarray(token * WIDTH, (token + 1) * WIDTH));
    const scale = Math.sqrt(h.reduce((sum, value) => sum + value * value, 0) / WIDTH + 1e-6);
    const x = h.map((value, i) => (value / scale) * (gain[i] as number));
    return Array.from({ length: matrix.length / WIDTH }, (_, row) =>
      x.reduce((sum, value, i) => sum + value * (matrix[row * WIDTH + i] as number), 0),
    );
  });
}

it.each(CONTEXTS.map((context, i) => ({ context, i })))("context of $context.length tokens", async ({ context, i }) => {
  const trace = await traceOf(context);
  const summary = summaries[i] as AttentionSummary;
  const [from, to] = [BEFORE.length, BEFORE.length + context.length];
  const length = to + AFTER.length;
  const bins = 3 + AFTER.length;
  expect([summary.heads, summary.tokens, summary.weights.length]).toEqual([
    HEADS,
    AFTER.length,
    provider.identity.layers,
  ]);
  for (let layer = 0; layer < provider.identity.layers; layer++) {
    const map = trace.get(`attention.${layer}`)?.data as Float32Array;
    const values = valuesOf(trace, layer);
    for (let head = 0; head < HEADS; head++) {
      for (let q = 0; q < AFTER.length; q++) {
        const row = Array.from(map.subarray((head * length + to + q) * length, (head * length + to + q + 1) * length));
        const sum = (a: number, b: number) => row.slice(a, b).reduce((total, value) => total + value, 0);
        const expected = [sum(0, 1), sum(1, from), sum(from, to), ...row.slice(to)];
        const place = (head * AFTER.length + q) * bins;
        expected.forEach((value, bin) => {
          expect(summary.weights[layer]?.[place + bin]).toBeCloseTo(value, 5);
        });
        expect(expected.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 5);
        const first = Math.floor(head / GROUP) * SIZE;
        for (let k = 0; k < SIZE; k++) {
          const taken = row
            .slice(from, to)
            .reduce((total, a, s) => total + a * (values[from + s]?.[first + k] as number), 0);
          expect(summary.context[layer]?.[(head * AFTER.length + q) * SIZE + k]).toBeCloseTo(taken, 5);
        }
      }
    }
  }
});

it("the same row asked for twice is read once: the very same numbers", async () => {
  const row: Row = [
    { ids: BEFORE, parent: null },
    { ids: [9], parent: 0 },
    { ids: AFTER, parent: 1 },
  ];
  const attention = [0, 1].map((at) => ({ row: at, segment: 2, context: 1 }));
  const request = { rows: [row, row], states: [], pools: [], scores: [], comparisons: [], attention };
  const [one, other] = (await provider.read(request)).attention ?? [];
  expect(one).toEqual(other);
  expect((await provider.read({ ...request, attention: [] })).attention).toEqual([]);
  await expect(provider.read({ ...request, attention: [{ row: 0, segment: 2, context: 0 }] })).rejects.toThrow(
    "does not follow",
  );
});
