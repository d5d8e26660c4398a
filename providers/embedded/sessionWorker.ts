/**
 * Owns the ONNX Runtime sessions, in a thread of its own: a session's `run` blocks the event loop that calls it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";

export interface TensorData {
  readonly type: "float32" | "int64";
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}
export type WorkerRequest =
  | { readonly call: number; readonly op: "open"; readonly session: string; readonly path: string }
  | {
      readonly call: number;
      readonly op: "run";
      readonly session: string;
      readonly feeds: Record<string, TensorData>;
      /** Names of the outputs that are wanted; all of them unless given. */
      readonly fetch?: readonly string[];
      readonly cache?: CacheUse;
    };
/**
 * A run's outputs named `present.X` stay in this thread and come back as the inputs `past.X` of the next run.
 * `start` begins with this empty cache shape; `continue` goes on, each row first repeated `repeat` times.
 */
export type CacheUse =
  | { readonly start: { readonly inputs: readonly string[]; readonly dims: readonly number[] } }
  | { readonly continue: { readonly repeat: number } };
export type WorkerReply =
  | { readonly call: number; readonly outputs: Record<string, TensorData> }
  | { readonly call: number; readonly error: string };

let cache: Record<string, Tensor> = {};

function repeatRows(tensor: Tensor, repeat: number): Tensor {
  const data = tensor.data as Float32Array;
  const rows = tensor.dims[0] as number;
  const size = data.length / rows;
  const out = new Float32Array(data.length * repeat);
  for (let row = 0; row < rows * repeat; row++) {
    const from = Math.floor(row / repeat) * size;
    out.set(data.subarray(from, from + size), row * size);
  }
  return new Tensor("float32", out, [rows * repeat, ...tensor.dims.slice(1)]);
}

function pastInputs(use: CacheUse): Record<string, Tensor> {
  if ("start" in use) {
    const { inputs, dims } = use.start;
    return Object.fromEntries(inputs.map((name) => [name, new Tensor("float32", new Float32Array(0), dims)]));
  }
  const { repeat } = use.continue;
  if (repeat === 1) return cache;
  return Object.fromEntries(Object.entries(cache).map(([name, tensor]) => [name, repeatRows(tensor, repeat)]));
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
  const session = sessions.get(request.session);
  if (session === undefined) throw new Error(`session ${request.session} is not open`);
  const feeds: Record<string, Tensor> = request.cache ? { ...pastInputs(request.cache) } : {};
  for (const [name, { type, data, dims }] of Object.entries(request.feeds)) {
    feeds[name] = new Tensor(type, data as Float32Array, dims);
  }
  const results = await (request.fetch ? session.run(feeds, request.fetch) : session.run(feeds));
  const outputs: Record<string, TensorData> = {};
  if (request.cache) cache = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (request.cache && name.startsWith("present.")) {
      cache[name.replace("present.", "past.")] = tensor;
      continue;
    }
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
