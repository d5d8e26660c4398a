/**
 * Owns the ONNX Runtime sessions, in a thread of its own: a session's `run` blocks the event loop that calls it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";

export interface TensorData {
  readonly type: "float32" | "int32" | "int64";
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly dims: readonly number[];
}
/** How a cache of keys and values is laid out: each of `names` is float32 [sequences, heads, capacity, size]. */
export interface CacheLayout {
  readonly names: readonly string[];
  readonly heads: number;
  readonly capacity: number;
  readonly size: number;
  /** For each sequence, which one of the layout before it goes on from, or null where it begins. */
  readonly from: readonly (number | null)[];
}
export type WorkerRequest = { readonly call: number } & (
  | { readonly op: "open"; readonly session: string; readonly path: string }
  | { readonly op: "cache"; readonly layout: CacheLayout }
  | {
      readonly op: "run";
      readonly session: string;
      readonly feeds: Record<string, TensorData>;
      /** Names of the outputs that are wanted; all of them unless given. */
      readonly fetch?: readonly string[];
      /** Which sequences of the cache are the inputs `past.X`, and in the same memory the outputs `present.X`. */
      readonly sequences?: { readonly from: number; readonly to: number };
    }
);
export type WorkerReply =
  | { readonly call: number; readonly outputs: Record<string, TensorData> }
  | { readonly call: number; readonly error: string };

let cache: { readonly layout: CacheLayout; readonly parts: ReadonlyMap<string, Float32Array> } | null = null;

/** Keeps the memory where no sequence would overwrite one that is still to be moved. */
function arrangeCache(layout: CacheLayout): void {
  const { names, heads, capacity, size, from } = layout;
  if (from.every((source) => source === null)) cache = null;
  const old = cache?.layout;
  const inPlace = old?.capacity === capacity && from.every((source, row) => source !== null && source >= row);
  const parts = new Map<string, Float32Array>();
  for (const name of names) {
    const before = cache?.parts.get(name);
    const after = inPlace && before ? before : new Float32Array(from.length * heads * capacity * size);
    from.forEach((source, row) => {
      if (source === null || !before || !old || (after === before && source === row)) return;
      for (let head = 0; head < heads; head++) {
        const start = (source * heads + head) * old.capacity * size;
        after.set(before.subarray(start, start + old.capacity * size), (row * heads + head) * capacity * size);
      }
    });
    parts.set(name, after);
  }
  cache = { layout, parts };
}

/** The cache as inputs and outputs of a run. */
function cacheTensors({ from, to }: { readonly from: number; readonly to: number }): [string, Tensor][] {
  if (cache === null) throw new Error("the cache has no layout");
  const { heads, capacity, size } = cache.layout;
  const row = heads * capacity * size;
  return [...cache.parts].map(([name, data]) => [
    name,
    new Tensor("float32", data.subarray(from * row, to * row), [to - from, heads, capacity, size]),
  ]);
}

const sessions = new Map<string, InferenceSession>();
const port = parentPort;
if (port === null) throw new Error("sessionWorker runs as a worker thread only");

async function answer(request: WorkerRequest): Promise<Record<string, TensorData>> {
  if (request.op === "open") {
    const { threads } = workerData as { threads: number };
    const session = await InferenceSession.create(request.path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
    });
    sessions.set(request.session, session);
    return {};
  }
  if (request.op === "cache") {
    arrangeCache(request.layout);
    return {};
  }
  const session = sessions.get(request.session);
  if (session === undefined) throw new Error(`session ${request.session} is not open`);
  const feeds: Record<string, Tensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(request.feeds)) {
    feeds[name] = new Tensor(type, data as Float32Array, dims);
  }
  const fetches: Record<string, Tensor | null> = {};
  for (const name of request.fetch ?? session.outputNames) fetches[name] = null;
  for (const [name, tensor] of request.sequences ? cacheTensors(request.sequences) : []) {
    feeds[`past.${name}`] = tensor;
    fetches[`present.${name}`] = tensor;
  }
  const results = await session.run(feeds, fetches);
  const outputs: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (fetches[name]) continue;
    // ONNX Runtime's own memory cannot change hands; a copy can, and is then not copied again on either side.
    outputs[name] = { type: tensor.type as "float32", data: (tensor.data as Float32Array).slice(), dims: tensor.dims };
  }
  return outputs;
}

// One request after another: two runs at once would share the cores and gain nothing.
let last: Promise<void> = Promise.resolve();
port.on("message", (request: WorkerRequest) => {
  last = last.then(async () => {
    let reply: WorkerReply;
    try {
      reply = { call: request.call, outputs: await answer(request) };
    } catch (error) {
      reply = { call: request.call, error: error instanceof Error ? error.message : String(error) };
    }
    const data = "outputs" in reply ? Object.values(reply.outputs).map((tensor) => tensor.data.buffer) : [];
    port.postMessage(reply, data as ArrayBuffer[]);
  });
});
