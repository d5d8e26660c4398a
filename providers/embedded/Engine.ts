/** A model opened for computing: its prepared weights, and the sessions of the graphs that were asked for. */
import { DecoderCache } from "./DecoderCache.ts";
import type { DecoderConfig } from "./decoderConfig.ts";
import type { GraphName } from "./engineGraphs.ts";
import type { PreparedModel } from "./prepareModel.ts";
import { Sessions, type TensorData } from "./Sessions.ts";

/** Rotary angles for positions 0 … count−1 (Su et al. 2021, arXiv 2104.09864), each float32 [count, headSize / 2]. */
function rotaryAngles(config: DecoderConfig, count: number): Record<"cos" | "sin", TensorData> {
  const half = config.headSize / 2;
  const cos = new Float32Array(count * half);
  const sin = new Float32Array(count * half);
  for (let i = 0; i < half; i++) {
    // Single precision, as the models were trained with.
    const frequency = Math.fround(1 / config.ropeBase ** ((2 * i) / config.headSize));
    for (let position = 0; position < count; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const dims = [count, half];
  return { cos: { type: "float32", data: cos, dims }, sin: { type: "float32", data: sin, dims } };
}

export class Engine {
  readonly config: DecoderConfig;
  private readonly prepared: PreparedModel;
  private readonly sessions: Sessions;
  private readonly opened = new Map<GraphName, Promise<void>>();
  private angles: Record<"cos" | "sin", TensorData> | null = null;

  constructor(prepared: PreparedModel, threads: number) {
    this.prepared = prepared;
    this.config = prepared.config;
    this.sessions = new Sessions(threads);
  }

  open(graph: GraphName): Promise<void> {
    let opening = this.opened.get(graph);
    if (opening === undefined) {
      opening = this.sessions.open(graph, this.prepared.graphFile(graph));
      this.opened.set(graph, opening);
    }
    return opening;
  }

  async run(graph: GraphName, feeds: Record<string, TensorData>): Promise<Record<string, TensorData>> {
    await this.open(graph);
    return this.sessions.run(graph, feeds);
  }

  /** Runs the layers over a batch (rows.ts); `feeds` are the graph's further inputs. */
  runBody(
    graph: "read" | "trace",
    batch: Record<"ids" | "positions" | "mask", TensorData>,
    feeds: Record<string, TensorData>,
  ) {
    return this.run(graph, { ...batch, ...this.rotary(batch.positions), ...feeds });
  }

  /**
   * Angles for the positions [b, t] in use, in powers of two so that they are rarely made again; at least t of them,
   * whatever the positions are, since the kernel refuses a table shorter than the sequence.
   */
  rotary(positions: TensorData): Record<"cos" | "sin", TensorData> {
    let largest = (positions.dims[1] ?? 1) - 1;
    for (const position of positions.data as BigInt64Array) largest = Math.max(largest, Number(position));
    if (this.angles === null || (this.angles.cos.dims[0] as number) <= largest) {
      this.angles = rotaryAngles(this.config, 2 ** Math.ceil(Math.log2(Math.max(largest + 1, 256))));
    }
    return this.angles;
  }

  /** An empty cache of keys and values; there is one at a time. */
  async startCache(): Promise<DecoderCache> {
    await this.open("generate");
    return new DecoderCache(this, this.sessions);
  }

  close(): Promise<void> {
    return this.sessions.close();
  }
}
