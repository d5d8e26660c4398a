import { cachedHeadSize } from "./blocks.ts";
import type { Engine } from "./Engine.ts";
import { ropeRow } from "./rows.ts";
import { floatsOf, intTensor, type Sessions } from "./Sessions.ts";

/** Tokens of prompts read at once, padding included. */
const PROMPT_TOKENS = 768;
/** Fewer tokens that all prompts begin with are read with each: to read them apart would cost as much. */
const LEAST_SHARED = 64;
/** The cache grows by so many positions: each time it is copied. */
const GROWTH = 64;

/** How many tokens all prompts begin with, the last of any left out, which gives the logits. */
function sharedTokens([first = [], ...others]: readonly (readonly number[])[]): number {
  let shared = first.length - 1;
  for (const ids of others) {
    shared = Math.min(shared, ids.length - 1);
    const differs = ids.findIndex((id, i) => id !== first[i]);
    if (differs >= 0) shared = Math.min(shared, differs);
  }
  return shared;
}

/**
 * The keys and values of a batch of sequences of different lengths, extended token by token: each in memory of its own
 * with room to grow, which the graph writes to where the sequence ends.
 */
export class DecoderCache {
  private readonly engine: Engine;
  private readonly sessions: Sessions;
  private lengths: number[] = [];
  /** Positions that there is room for. */
  private capacity = 0;
  /** What was read so far, where a sequence that grows long has to be read again. */
  private history: (readonly number[])[] = [];

  constructor(engine: Engine, sessions: Sessions) {
    this.engine = engine;
    this.sessions = sessions;
  }

  /**
   * Begins with prompts of at least one token each; gives the logits after each, float32 [prompts, vocabulary]. What
   * all of them begin with is read once.
   */
  async start(prompts: readonly (readonly number[])[]): Promise<Float32Array> {
    this.history = [...prompts];
    // Where a long text turns by other angles from its first token on, a beginning is not the same in all of them.
    const shared = this.engine.config.rope?.long ? 0 : sharedTokens(prompts);
    if (shared < LEAST_SHARED || prompts.length === 1) {
      await this.begin(prompts.map((ids) => ids.length));
      return this.readAll(prompts, PROMPT_TOKENS);
    }
    const prefix = (prompts[0] as readonly number[]).slice(0, shared);
    await this.begin([shared]);
    await this.run([prefix], 0);
    this.lengths = prompts.map((ids) => ids.length);
    await this.arrange(prompts.map(() => 0));
    // What follows is read one by one: the operator takes several new tokens of one sequence only.
    return this.readAll(
      prompts.map((ids) => ids.slice(shared)),
      0,
    );
  }

  private begin(lengths: number[]): Promise<void> {
    this.lengths = lengths;
    return this.arrange(lengths.map(() => null));
  }

  /** Neighbours are read together, up to so many tokens with padding. */
  private async readAll(ids: readonly (readonly number[])[], most: number): Promise<Float32Array> {
    const { vocabulary } = this.engine.config;
    const logits = new Float32Array(ids.length * vocabulary);
    for (let from = 0; from < ids.length; ) {
      let [to, longest] = [from, 0];
      for (; to < ids.length; to++) {
        longest = Math.max(longest, (ids[to] as readonly number[]).length);
        if (to > from && (to + 1 - from) * longest > most) break;
      }
      logits.set(await this.run(ids.slice(from, to), from), from * vocabulary);
      from = to;
    }
    return logits;
  }

  /**
   * Goes on by a token each with sequences, of which the i-th is the `from[i]`-th of before (the i-th unless given);
   * gives the logits after each, float32 [sequences, vocabulary].
   */
  async append(ids: readonly number[], from: readonly number[] = ids.map((_, i) => i)): Promise<Float32Array> {
    const { long } = this.engine.config.rope ?? {};
    if (long) {
      const before = from.map((sequence) => this.history[sequence] as readonly number[]);
      this.history = ids.map((id, i) => [...(before[i] as readonly number[]), id]);
      // Beyond the limit all positions turn by other angles, those of the cached keys too.
      if (before.some(({ length }) => length === long.beyond)) return this.start(this.history);
    }
    const stays = from.length === this.lengths.length && from.every((sequence, i) => sequence === i);
    this.lengths = from.map((sequence) => (this.lengths[sequence] as number) + 1);
    if (!stays || Math.max(...this.lengths) > this.capacity) await this.arrange(from);
    return this.run(
      ids.map((id) => [id]),
      0,
    );
  }

  private async arrange(from: readonly (number | null)[]): Promise<void> {
    const { layers, keyValueHeads: heads } = this.engine.config;
    const size = cachedHeadSize(this.engine.config);
    const longest = Math.max(...this.lengths);
    if (longest > this.capacity || from[0] === null) this.capacity = (Math.floor(longest / GROWTH) + 1) * GROWTH;
    const names = Array.from({ length: layers }, (_, layer) => [`key.${layer}`, `value.${layer}`]).flat();
    await this.sessions.arrangeCache({ names, heads, capacity: this.capacity, size, from });
  }

  /** The last tokens of the sequences from `first` on, padded on the right. */
  private async run(ids: readonly (readonly number[])[], first: number): Promise<Float32Array> {
    const { config } = this.engine;
    const b = ids.length;
    const t = Math.max(...ids.map((row) => row.length));
    const lengths = this.lengths.slice(first, first + b);
    const grid = <T>(value: (id: number, position: number, length: number) => T, padding: T): T[] =>
      ids.flatMap((row, i) => {
        const length = lengths[i] as number;
        return Array.from({ length: t }, (_, at) => {
          const id = row[at];
          return id === undefined ? padding : value(id, length - row.length + at, length);
        });
      });
    const positions = intTensor(
      grid((_, position) => position, 0),
      [b, t],
    );
    const ints = (values: readonly number[]) =>
      ({ type: "int32", data: Int32Array.from(values), dims: [values.length] }) as const;
    const feeds = {
      ids: intTensor(
        grid((id) => id, 0),
        [b, t],
      ),
      positions,
      last: ints(lengths.map((length) => length - 1)),
      longest: ints([Math.max(...lengths)]),
      ...(config.rope?.long && {
        rope_rows: intTensor(
          grid((_, position, length) => ropeRow(config, position, length - 1), 0),
          [b, t],
        ),
      }),
      read_index: intTensor(ids.map((row, i) => i * t + row.length - 1)),
      ...this.engine.rotary(positions),
    };
    const outputs = await this.sessions.run("generate", feeds, { sequences: { from: first, to: first + b } });
    return floatsOf(outputs, "logits");
  }
}
