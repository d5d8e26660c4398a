/** What is timed of the engine: forward passes of the default model, with all states out or none. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { EmbeddedProvider } from "../providers/embedded/EmbeddedProvider.ts";
import { Graph } from "../providers/embedded/graph.ts";
import { DataType, encodeOnnxModel } from "../providers/embedded/onnxFile.ts";
import { batchFeeds, layout } from "../providers/embedded/rows.ts";
import { floatTensor, intTensor, type TensorData } from "../providers/embedded/Sessions.ts";

export interface BatchShape {
  readonly rows: number;
  readonly tokens: number;
}

/** Token ids that no two rows share. */
export function idsOf({ rows, tokens }: BatchShape): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: tokens }, (_, i) => 100 + (((row * tokens + i) * 7919) % 40_000)),
  );
}

function feedsOf(provider: EmbeddedProvider, shape: BatchShape) {
  const layouts = idsOf(shape).map((ids) => layout([{ ids, parent: null }]));
  const packs = layouts.map((_, row) => ({ rows: [row], offsets: [0], length: shape.tokens }));
  return batchFeeds(layouts, packs, provider.engine.config);
}

/** Names of every layer's states. */
export const hiddenNames = ({ engine }: EmbeddedProvider): string[] =>
  Array.from({ length: engine.config.layers + 1 }, (_, layer) => `hidden.${layer}`);

/** All that the graph of all taps reads. */
export function traceFeeds(provider: EmbeddedProvider, shape: BatchShape): Record<string, TensorData> {
  const feeds = feedsOf(provider, shape);
  return { ...feeds, ...provider.engine.rotary(feeds.positions) };
}

/** Every layer's states at every position, in JavaScript's hands. */
export function allStates(provider: EmbeddedProvider, shape: BatchShape): () => Promise<unknown> {
  const feeds = feedsOf(provider, shape);
  const wanted = hiddenNames(provider);
  return () => provider.engine.runBody("trace", feeds, {}, wanted);
}

/** The same layers, of which only the last position's final norm comes out. */
export function plainForward(provider: EmbeddedProvider, shape: BatchShape): () => Promise<unknown> {
  const { rows, tokens } = shape;
  const last = Array.from({ length: rows }, (_, row) => (row + 1) * tokens - 1);
  const feeds = feedsOf(provider, shape);
  const further = {
    state_index: intTensor([]),
    read_index: intTensor(last),
    pool: floatTensor(new Float32Array(rows * tokens), [rows, 1, tokens]),
  };
  return () => provider.engine.runBody("read", feeds, further, ["final"]);
}

/** Multiply-adds, twice, of a forward pass over whole rows, without an output head. */
export function flops(provider: EmbeddedProvider, { rows, tokens }: BatchShape): number {
  const { layers, width, heads, keyValueHeads, headSize, hidden } = provider.engine.config;
  const linear = width * headSize * (2 * heads + 2 * keyValueHeads) + 3 * width * hidden;
  return 2 * rows * tokens * layers * (linear + 2 * tokens * heads * headSize);
}

/** A product of float32 matrices 256 × 1536 × 576 and nothing else: its flops, and one call of it. */
export async function barePeak(
  folder: string,
  threads: number,
): Promise<{ flops: number; run: () => Promise<unknown> }> {
  const [m, k, n] = [256, 1536, 576];
  const graph = new Graph();
  const x = graph.input("x", DataType.float, [m, k]);
  const data = new Uint8Array(Float32Array.from({ length: k * n }, (_, i) => Math.sin(i)).buffer);
  const w = graph.initializer({ name: "w", type: DataType.float, shape: [k, n], data });
  graph.output("y", graph.matMul(x, w, "product"), DataType.float, [m, n]);
  const path = join(folder, "peak.onnx");
  writeFileSync(path, encodeOnnxModel(graph.model()));
  const session = await InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const feeds = {
    x: new Tensor(
      "float32",
      Float32Array.from({ length: m * k }, (_, i) => Math.cos(i)),
      [m, k],
    ),
  };
  return { flops: 2 * m * k * n, run: () => session.run(feeds) };
}
