import { ExpectedError } from "../../errors.ts";
import type {
  Capabilities,
  Comparison,
  ModelIdentity,
  Provider,
  ReadRequest,
  ReadResult,
  Row,
  SampleRequest,
  SegmentRef,
  Tokenizer,
} from "../contract.ts";
import type { Engine } from "./Engine.ts";
import { batchFeeds, cutBatches, type Layout, lastToken, layout, packRows, predictors } from "./rows.ts";
import { Sampler } from "./Sampler.ts";
import { floatsOf, type TensorData } from "./Sessions.ts";

/** Tokens a packed sequence: attention costs its square, so no longer than needed to fill it well. */
const PACK_TOKENS = 192;
/** Tokens a batch: enough to read the weights seldom, few enough that what lies between layers stays in the cache. */
const BATCH_TOKENS = 768;
/** Readout positions × conditions compared at once; at 4 bytes × vocabulary each this bounds the memory. */
const COMPARE_ROWS = 512;

const ints = (values: readonly number[], dims: readonly number[] = [values.length]): TensorData => ({
  type: "int64",
  data: BigInt64Array.from(values, BigInt),
  dims,
});
const floats = (data: Float32Array, dims: readonly number[]): TensorData => ({ type: "float32", data, dims });

interface PoolRef extends SegmentRef {
  readonly at: number;
  readonly layout: Layout;
}

/** The rows without repetitions, and where each row is among them. */
function distinctRows(rows: readonly Row[]): { distinct: Row[]; places: number[] } {
  const known = new Map<string, number>();
  const distinct: Row[] = [];
  const places = rows.map((row) => {
    const key = JSON.stringify(row.map(({ ids, parent, start }) => [ids, parent, start ?? null]));
    const place = known.get(key) ?? distinct.push(row) - 1;
    known.set(key, place);
    return place;
  });
  return { distinct, places };
}

/** Averaging weights float [lines of the batch, pooled segments of a line, t], and where each segment's mean comes out. */
function poolWeights(
  refs: readonly PoolRef[],
  batch: number,
  t: number,
): { weights: Float32Array; lines: number; places: number[] } {
  const used = new Array<number>(batch).fill(0);
  const spots = refs.map(({ at }) => {
    const line = Math.floor(at / t);
    const slot = used[line] as number;
    used[line] = slot + 1;
    return { line, slot };
  });
  const lines = Math.max(1, ...used);
  const weights = new Float32Array(batch * lines * t);
  const places = refs.map(({ at, layout: { starts }, segment }, i) => {
    const { line, slot } = spots[i] as (typeof spots)[number];
    const [from, to] = [starts[segment] as number, starts[segment + 1] as number];
    const place = line * lines + slot;
    const start = place * t + (at - line * t);
    weights.fill(1 / (to - from), start + from, start + to);
    return place;
  });
  return { weights, lines, places };
}

/** The engine of this project behind the provider contract: everything visible, everything local. */
export class EmbeddedProvider implements Provider {
  readonly capabilities: Capabilities = {
    hiddenStates: "all",
    attention: true,
    promptLogits: "full",
    generation: true,
    embeddings: false,
    tokenIdsIn: true,
  };
  readonly identity: ModelIdentity;
  readonly tokenizer: Tokenizer;
  readonly engine: Engine;
  private readonly sampler: Sampler;

  constructor(identity: ModelIdentity, tokenizer: Tokenizer, engine: Engine) {
    this.identity = identity;
    this.tokenizer = tokenizer;
    this.engine = engine;
    this.sampler = new Sampler(engine, tokenizer.end);
  }

  /** Equal rows are read once: it saves time, and their divergence is 0 rather than float noise. */
  read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    const { distinct, places } = distinctRows(request.rows);
    const placed = (refs: readonly SegmentRef[]) =>
      refs.map(({ row, segment }) => ({ row: places[row] as number, segment }));
    const { states, pools, scores, comparisons } = request;
    return this.readDistinct(
      {
        rows: distinct,
        states: placed(states),
        pools: placed(pools),
        scores: placed(scores),
        comparisons: comparisons.map(placed),
      },
      signal,
    );
  }

  private async readDistinct(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    const { width, layers } = this.engine.config;
    const layouts = request.rows.map(layout);
    for (const { positions } of layouts) this.refuseTooLong(Math.max(...positions) + 1);
    // Which final-norm states the scores and comparisons need: [row, token] in order of use.
    const needed = [...request.scores, ...request.comparisons.flat()].map(({ row, segment }) =>
      predictors(layouts[row] as Layout, request.rows[row] ?? [], segment),
    );
    const refs = [...request.scores, ...request.comparisons.flat()];
    const finals = needed.map((tokens) => new Float32Array(tokens.length * width));
    const states = new Float32Array((layers + 1) * request.states.length * width);
    const pools = request.pools.map(() => new Float32Array(width));

    const packs = packRows(
      layouts.map((item) => item.ids.length),
      PACK_TOKENS,
    );
    for (const batch of cutBatches(packs, BATCH_TOKENS)) {
      signal?.throwIfAborted();
      const feeds = batchFeeds(layouts, batch);
      const t = feeds.ids.dims[1] as number;
      // Where each row of the request begins in the batch, flattened.
      const base = new Map(
        batch.flatMap((pack, line) =>
          pack.rows.map((row, i) => [row, line * t + (pack.offsets[i] as number)] as const),
        ),
      );
      const here = (list: readonly SegmentRef[]) =>
        list.flatMap((ref, index) => {
          const at = base.get(ref.row);
          return at === undefined ? [] : [{ ...ref, index, at, layout: layouts[ref.row] as Layout }];
        });

      const stateRefs = here(request.states);
      const stateIndex = stateRefs.map(({ at, layout: item, segment }) => at + lastToken(item, segment));
      const readRefs = here(refs);
      const readIndex = readRefs.flatMap(({ at, index }) => (needed[index] as number[]).map((token) => at + token));
      const poolRefs = here(request.pools);
      const pool = poolWeights(poolRefs, batch.length, t);
      const outputs = await this.engine.runBody("read", feeds, {
        state_index: ints(stateIndex),
        read_index: ints(readIndex),
        pool: floats(pool.weights, [batch.length, pool.lines, t]),
      });
      const stateData = floatsOf(outputs, "states");
      stateRefs.forEach(({ index }, i) => {
        for (let layer = 0; layer <= layers; layer++) {
          const from = (layer * stateRefs.length + i) * width;
          states.set(stateData.subarray(from, from + width), (layer * request.states.length + index) * width);
        }
      });
      const finalData = floatsOf(outputs, "final");
      let at = 0;
      for (const { index } of readRefs) {
        const target = finals[index] as Float32Array;
        target.set(finalData.subarray(at, at + target.length));
        at += target.length;
      }
      const pooled = floatsOf(outputs, "pooled");
      poolRefs.forEach(({ index }, i) => {
        const from = (pool.places[i] as number) * width;
        pools[index]?.set(pooled.subarray(from, from + width));
      });
    }

    const idsOf = ({ row, segment }: SegmentRef) => request.rows[row]?.[segment]?.ids ?? [];
    const scored = request.scores.length;
    const scores = await this.scoreAll(
      request.scores.map((ref, i) => ({ ids: idsOf(ref), states: finals[i] as Float32Array })),
    );
    const comparisons: Comparison[] = [];
    let offset = scored;
    for (const group of request.comparisons) {
      signal?.throwIfAborted();
      comparisons.push(await this.compare(idsOf(group[0] as SegmentRef), finals.slice(offset, offset + group.length)));
      offset += group.length;
    }
    return { states, pools, scores, comparisons };
  }

  private async scoreAll(list: readonly { ids: readonly number[]; states: Float32Array }[]): Promise<number[][]> {
    const ids = list.flatMap((item) => item.ids);
    const { width } = this.engine.config;
    const all = new Float32Array(ids.length * width);
    let at = 0;
    for (const item of list) {
      all.set(item.states, at);
      at += item.states.length;
    }
    const flat: number[] = [];
    for (let from = 0; from < ids.length; from += COMPARE_ROWS) {
      const to = Math.min(from + COMPARE_ROWS, ids.length);
      const { logProb } = await this.compareChunk(ids.slice(from, to), all.subarray(from * width, to * width), 1);
      flat.push(...logProb.map((row) => row[0] as number));
    }
    let end = 0;
    return list.map((item) => {
      const start = end;
      end += item.ids.length;
      return flat.slice(start, end);
    });
  }

  private async compare(ids: readonly number[], states: readonly Float32Array[]): Promise<Comparison> {
    const { width } = this.engine.config;
    const conditions = states.length;
    const step = Math.max(1, Math.floor(COMPARE_ROWS / conditions));
    const out = { kl: [] as number[][], sameTop: [] as boolean[][], logProb: [] as number[][] };
    for (let from = 0; from < ids.length; from += step) {
      const part = ids.slice(from, from + step);
      const h = new Float32Array(part.length * conditions * width);
      states.forEach((state, c) => {
        part.forEach((_, k) => {
          const source = (from + k) * width;
          h.set(state.subarray(source, source + width), (k * conditions + c) * width);
        });
      });
      const chunk = await this.compareChunk(part, h, conditions);
      out.kl.push(...chunk.kl);
      out.sameTop.push(...chunk.sameTop);
      out.logProb.push(...chunk.logProb);
    }
    return out;
  }

  private async compareChunk(ids: readonly number[], h: Float32Array, conditions: number) {
    const k = ids.length;
    if (k === 0) return { kl: [], sameTop: [], logProb: [] };
    const outputs = await this.engine.run("compare", {
      h: floats(h, [k, conditions, this.engine.config.width]),
      next: ints(
        ids.flatMap((id) => Array.from({ length: conditions }, () => id)),
        [k, conditions, 1],
      ),
    });
    const rows = <T>(pick: (index: number, row: number) => T) =>
      Array.from({ length: k }, (_, row) =>
        Array.from({ length: conditions }, (_, c) => pick(row * conditions + c, row)),
      );
    const kl = floatsOf(outputs, "kl");
    const top = outputs.top?.data as BigInt64Array;
    const logProb = floatsOf(outputs, "log_prob");
    return {
      kl: rows((i) => kl[i] as number),
      sameTop: rows((i, row) => top[i] === top[row * conditions]),
      logProb: rows((i) => logProb[i] as number),
    };
  }

  async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    for (const { ids } of request.prompts) this.refuseTooLong(ids.length + request.maxTokens);
    return this.sampler.sample(request, signal);
  }

  refuseTooLong(tokens: number): void {
    const limit = this.identity.contextLength;
    if (tokens <= limit) return;
    throw new ExpectedError({
      code: "input-too-long",
      message: `the text takes ${tokens} positions, and ${this.identity.name} reads ${limit}`,
      hint: "shorten the item, or choose a model with a longer context; Isoglyph never cuts a text in silence",
    });
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}
