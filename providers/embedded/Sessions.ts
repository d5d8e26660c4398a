import { Worker } from "node:worker_threads";
import type { CacheLayout, TensorData, WorkerReply, WorkerRequest } from "./sessionWorker.ts";

export type { TensorData } from "./sessionWorker.ts";

/** An output's float32 values. */
export function floatsOf(outputs: Record<string, TensorData>, name: string): Float32Array {
  const tensor = outputs[name];
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`the graph gave no float output ${name}`);
  return tensor.data;
}

export const intTensor = (values: readonly number[], dims: readonly number[] = [values.length]): TensorData => ({
  type: "int64",
  data: BigInt64Array.from(values, BigInt),
  dims,
});
export const floatTensor = (data: Float32Array, dims: readonly number[]): TensorData => ({
  type: "float32",
  data,
  dims,
});

type Unnumbered<T> = T extends unknown ? Omit<T, "call"> : never;

/** The main thread's side of sessionWorker: opens sessions by path and runs them. */
export class Sessions {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (outputs: Record<string, TensorData>) => void; reject: (error: Error) => void }
  >();
  private calls = 0;
  private stopped: Error | null = null;

  constructor(threads: number) {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.worker = new Worker(new URL(`./sessionWorker.${extension}`, import.meta.url), { workerData: { threads } });
    this.worker.on("message", (reply: WorkerReply) => {
      const caller = this.waiting.get(reply.call);
      this.waiting.delete(reply.call);
      if ("error" in reply) caller?.reject(new Error(`ONNX Runtime: ${reply.error}`));
      else caller?.resolve(reply.outputs);
    });
    const stop = (error: Error) => {
      this.stopped = error;
      for (const caller of this.waiting.values()) caller.reject(error);
      this.waiting.clear();
    };
    this.worker.on("error", (error) => stop(error instanceof Error ? error : new Error(String(error))));
    this.worker.on("exit", (code) => stop(new Error(`the engine's thread ended with code ${code}`)));
    this.worker.unref();
  }

  private post(request: Unnumbered<WorkerRequest>) {
    if (this.stopped) return Promise.reject(this.stopped);
    const call = this.calls++;
    return new Promise<Record<string, TensorData>>((resolve, reject) => {
      this.waiting.set(call, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage({ ...request, call });
    }).finally(() => {
      if (this.waiting.size === 0) this.worker.unref();
    });
  }

  async open(session: string, path: string): Promise<void> {
    await this.post({ op: "open", session, path });
  }

  /** Lays out the cache, of which there is one. */
  async arrangeCache(layout: CacheLayout): Promise<void> {
    await this.post({ op: "cache", layout });
  }

  /**
   * @param fetch names of the outputs that are wanted; all of them unless given
   * @param sequences of the cache that the run reads and extends
   */
  run(
    session: string,
    feeds: Record<string, TensorData>,
    options: Pick<Extract<WorkerRequest, { op: "run" }>, "fetch" | "sequences"> = {},
  ): Promise<Record<string, TensorData>> {
    return this.post({ op: "run", session, feeds, ...options });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
