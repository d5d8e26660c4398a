import type { Engine } from "./Engine.ts";
import { ropeRow } from "./rows.ts";
import { floatsOf, type Sessions, type TensorData } from "./Sessions.ts";

/** The keys and values of a batch of sequences of different lengths, extended token by token. */
export class DecoderCache {
  private readonly engine: Engine;
  private readonly sessions: Sessions;
  /** For each sequence, which of the cached positions hold a token of it. */
  private held: boolean[][] = [];
  private lengths: number[] = [];
  /** What was read so far, where a sequence that grows long has to be read again. */
  private history: number[][] = [];

  constructor(engine: Engine, sessions: Sessions) {
    this.engine = engine;
    this.sessions = sessions;
  }

  /**
   * Appends ids[sequence] and gives the final-norm states after each sequence's last token, float32 [sequences, width].
   * Sequences of the cache are first repeated `repeat` times, each beside its copies.
   */
  async append(ids: readonly (readonly number[])[], repeat = 1): Promise<Float32Array> {
    const { config } = this.engine;
    const long = config.rope?.long;
    if (long) {
      const before = ids.map((_, sequence) => this.history[Math.floor(sequence / repeat)] ?? []);
      this.history = ids.map((row, sequence) => [...(before[sequence] as number[]), ...row]);
      const crosses = this.history.some(
        (all, sequence) =>
          before[sequence]?.length && all.length > long.beyond && before[sequence].length <= long.beyond,
      );
      // Beyond the limit all positions turn by other angles, those of the cached keys too.
      if (crosses) {
        this.held = [];
        return this.extend(this.history, 1);
      }
    }
    return this.extend(ids, repeat);
  }

  private async extend(ids: readonly (readonly number[])[], repeat: number): Promise<Float32Array> {
    const { config } = this.engine;
    const first = this.held.length === 0;
    if (first) {
      this.held = ids.map(() => []);
      this.lengths = ids.map(() => 0);
    } else if (repeat > 1) {
      this.held = this.held.flatMap((row) => Array.from({ length: repeat }, () => [...row]));
      this.lengths = this.lengths.flatMap((length) => Array.from({ length: repeat }, () => length));
    }
    const b = ids.length;
    const t = Math.max(...ids.map((row) => row.length));
    const past = this.held[0]?.length ?? 0;
    const seen = past + t;
    const feedIds = new BigInt64Array(b * t);
    const positions = new BigInt64Array(b * t);
    const ropeRows = new BigInt64Array(b * t);
    const mask = new Float32Array(b * t * seen).fill(-1e30);
    const window = config.sliding?.window ?? Number.POSITIVE_INFINITY;
    const local = config.sliding ? new Float32Array(b * t * seen).fill(-1e30) : null;
    const readIndex = new BigInt64Array(b);
    ids.forEach((row, sequence) => {
      const held = this.held[sequence] as boolean[];
      for (let i = 0; i < t; i++) {
        const at = sequence * t + i;
        const position = i < row.length ? (this.lengths[sequence] as number) + i : 0;
        feedIds[at] = BigInt(row[i] ?? 0);
        positions[at] = BigInt(position);
        ropeRows[at] = BigInt(ropeRow(config, position, (this.lengths[sequence] as number) + row.length - 1));
        held.push(i < row.length);
        let nearer = 0;
        for (let key = past + i; key >= 0; key--) {
          if (!held[key] && key !== past + i) continue;
          mask[at * seen + key] = 0;
          if (local && nearer++ < window) local[at * seen + key] = 0;
        }
      }
      readIndex[sequence] = BigInt(sequence * t + row.length - 1);
      this.lengths[sequence] = (this.lengths[sequence] as number) + row.length;
    });
    const ints = (data: BigInt64Array, dims: number[]): TensorData => ({ type: "int64", data, dims });
    const positionFeed = ints(positions, [b, t]);
    const feeds = {
      ids: ints(feedIds, [b, t]),
      positions: positionFeed,
      mask: { type: "float32", data: mask, dims: [b, 1, t, seen] } as const,
      ...(local && { mask_local: { type: "float32" as const, data: local, dims: [b, 1, t, seen] } }),
      ...(config.rope?.long && { rope_rows: ints(ropeRows, [b, t]) }),
      read_index: ints(readIndex, [b]),
      ...this.engine.rotary(positionFeed),
    };
    const inputs = Array.from({ length: config.layers }, (_, layer) => [
      `past.key.${layer}`,
      `past.value.${layer}`,
    ]).flat();
    const empty = { inputs, dims: [b, config.keyValueHeads, 1, 0, config.headSize] };
    const outputs = await this.sessions.run("generate", feeds, {
      cache: first ? { start: empty } : { continue: { repeat } },
    });
    return floatsOf(outputs, "final");
  }
}
