/** A model opened for computing: its prepared weights, and the sessions of the graphs that were asked for. */
import { DecoderCache } from "./DecoderCache.ts";
import type { GraphName } from "./engineGraphs.ts";
import type { ModelConfig, Rope } from "./ModelConfig.ts";
import type { PreparedModel } from "./prepareModel.ts";
import { Sessions, type TensorData } from "./Sessions.ts";

/**
 * Cosines and sines for positions 0 … count−1, each float32 [rows, size / 2]: a row a position, or two by turns where
 * long sequences turn otherwise (rows.ts, ropeRow).
 */
function rotaryTables(rope: Rope, count: number): { cos: TensorData; sin: TensorData } {
  const half = rope.size / 2;
  const kinds = rope.long ? [rope.frequencies, rope.long.frequencies] : [rope.frequencies];
  const dims = [count * kinds.length, half];
  const cos = new Float32Array(count * kinds.length * half);
  const sin = new Float32Array(count * kinds.length * half);
  kinds.forEach((frequencies, kind) => {
    for (let position = 0; position < count; position++) {
      const row = (position * kinds.length + kind) * half;
      for (let i = 0; i < half; i++) {
        // Single precision, as the models were trained with.
        const angle = Math.fround(position * (frequencies[i] as number));
        cos[row + i] = Math.cos(angle) * rope.magnitude;
        sin[row + i] = Math.sin(angle) * rope.magnitude;
      }
    }
  });
  return { cos: { type: "float32", data: cos, dims }, sin: { type: "float32", data: sin, dims } };
}

export class Engine {
  readonly config: ModelConfig;
  readonly threads: number;
  private readonly prepared: PreparedModel;
  private readonly sessions: Sessions;
  private readonly opened = new Map<GraphName, Promise<void>>();
  /** Tables for so many positions. */
  private angles: { readonly count: number; readonly tables: Record<string, TensorData> } | null = null;

  constructor(prepared: PreparedModel, threads: number) {
    this.prepared = prepared;
    this.config = prepared.config;
    this.threads = threads;
    this.sessions = new Sessions(threads);
  }

  /** Path of the graph; its name ends in a hash of it. */
  graphFile(graph: GraphName): string {
    return this.prepared.graphFile(graph);
  }

  open(graph: GraphName): Promise<void> {
    let opening = this.opened.get(graph);
    if (opening === undefined) {
      opening = this.sessions.open(graph, this.graphFile(graph));
      this.opened.set(graph, opening);
    }
    return opening;
  }

  /** Opens a graph that will be wanted; whoever runs it hears of a failure. */
  openAhead(graph: GraphName): void {
    this.open(graph).catch(() => {});
  }

  /** @param fetch names of the outputs that are wanted; all of them unless given */
  async run(
    graph: GraphName,
    feeds: Record<string, TensorData>,
    fetch?: readonly string[],
  ): Promise<Record<string, TensorData>> {
    await this.open(graph);
    return this.sessions.run(graph, feeds, fetch && { fetch });
  }

  /** Runs the layers over a batch (rows.ts); `feeds` are the graph's further inputs. */
  runBody(
    graph: "read" | "trace" | "inject" | "attend",
    batch: { readonly positions: TensorData } & Record<string, TensorData>,
    feeds: Record<string, TensorData>,
    fetch?: readonly string[],
  ) {
    return this.run(graph, { ...batch, ...this.rotary(batch.positions), ...feeds }, fetch);
  }

  /**
   * Angles for the positions [b, t] in use, in powers of two so that they are rarely made again; at least t of them,
   * whatever the positions are, since the kernel refuses a table shorter than the sequence.
   */
  rotary(positions: TensorData): Record<string, TensorData> {
    const { rope, sliding } = this.config;
    if (rope === null) return {};
    let largest = (positions.dims[1] ?? 1) - 1;
    for (const position of positions.data as BigInt64Array) largest = Math.max(largest, Number(position));
    if (this.angles === null || this.angles.count <= largest) {
      const count = 2 ** Math.ceil(Math.log2(Math.max(largest + 1, 256)));
      const local = sliding?.rope && rotaryTables(sliding.rope, count);
      const tables = {
        ...rotaryTables(rope, count),
        ...(local && { cos_local: local.cos, sin_local: local.sin }),
      };
      this.angles = { count, tables };
    }
    return this.angles.tables;
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
