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
  Steps,
  Tokenizer,
} from "../contract.ts";
import { refuseTooLong } from "../refuseTooLong.ts";
import { refuseUnshown, unshown } from "../refuseUnshown.ts";
import { AttentionReader } from "./AttentionReader.ts";
import { Comparer } from "./Comparer.ts";
import type { Engine } from "./Engine.ts";
import { EngineSteps } from "./EngineSteps.ts";
import { Exclusive } from "./Exclusive.ts";
import { batchFeeds, cutBatches, type Layout, lastToken, layout, packRows, predictors } from "./rows.ts";
import { Sampler } from "./Sampler.ts";
import { floatsOf, floatTensor, intTensor } from "./Sessions.ts";

/** Tokens a packed sequence: attention costs its square, so no longer than needed to fill it well. */
const PACK_TOKENS = 192;
/** Tokens a batch: enough to read the weights seldom, few enough that what lies between layers stays in the cache. */
const BATCH_TOKENS = 768;
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
  readonly capabilities: Capabilities;
  readonly identity: ModelIdentity;
  readonly tokenizer: Tokenizer;
  readonly engine: Engine;
  private readonly comparer: Comparer;
  private readonly attention: AttentionReader;
  private readonly sampler: Sampler;
  readonly steps?: Steps;

  constructor(identity: ModelIdentity, tokenizer: Tokenizer, engine: Engine) {
    this.identity = identity;
    this.tokenizer = tokenizer;
    this.engine = engine;
    const { causal, output } = engine.config;
    this.capabilities = {
      hiddenStates: "all",
      attention: true,
      promptLogits: output === null ? "none" : "full",
      scores: output !== null,
      generation: output !== null,
      embeddings: !causal,
      tokenIdsIn: true,
    };
    this.comparer = new Comparer(engine);
    this.attention = new AttentionReader(engine);
    const cache = new Exclusive();
    this.sampler = new Sampler(engine, tokenizer, cache);
    if (output !== null) this.steps = new EngineSteps(identity, engine, cache);
  }

  /** Equal rows are read once: it saves time, and their divergence is 0 rather than float noise. */
  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    refuseUnshown(this.identity, this.capabilities, request);
    const { distinct, places } = distinctRows(request.rows);
    const placed = (refs: readonly SegmentRef[]) =>
      refs.map(({ row, segment }) => ({ row: places[row] as number, segment }));
    const { states, pools, scores, comparisons } = request;
    const result = await this.readDistinct(
      {
        rows: distinct,
        states: placed(states),
        pools: placed(pools),
        scores: placed(scores),
        comparisons: comparisons.map(placed),
        jensenShannon: request.jensenShannon === true,
      },
      signal,
    );
    if (request.attention === undefined) return result;
    const refs = request.attention.map((ref) => ({ ...ref, row: places[ref.row] as number }));
    return { ...result, attention: await this.attention.read(distinct, refs, signal) };
  }

  private async readDistinct(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    const { width, layers } = this.engine.config;
    const layouts = request.rows.map(layout);
    for (const { positions } of layouts) refuseTooLong(this.identity, Math.max(...positions) + 1);
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
      const feeds = batchFeeds(layouts, batch, this.engine.config);
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
        state_index: intTensor(stateIndex),
        read_index: intTensor(readIndex),
        pool: floatTensor(pool.weights, [batch.length, pool.lines, t]),
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
    const scores = await this.comparer.scoreAll(
      request.scores.map((ref, i) => ({ ids: idsOf(ref), states: finals[i] as Float32Array })),
    );
    const comparisons: Comparison[] = [];
    let offset = scored;
    for (const group of request.comparisons) {
      signal?.throwIfAborted();
      comparisons.push(
        await this.comparer.compare(
          request.jensenShannon ? "compare-js" : "compare",
          idsOf(group[0] as SegmentRef),
          finals.slice(offset, offset + group.length),
        ),
      );
      offset += group.length;
    }
    return { states, pools, scores, comparisons };
  }

  /** Pooled as the model says (the mean where it does not), special tokens included, as sentence-transformers does. */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (!this.capabilities.embeddings) throw unshown(this.identity, "sentence embeddings");
    const { pooling, normalize } = this.engine.config;
    const { begin, finish } = this.tokenizer;
    const rows = texts.map((text): Row => {
      const ids = [...begin, ...this.tokenizer.encode(text), ...finish];
      const cut = pooling === "cls" ? 1 : pooling === "last" ? ids.length - 1 : 0;
      return [
        { ids: ids.slice(0, cut), parent: null },
        { ids: ids.slice(cut), parent: 0 },
      ];
    });
    const segment = pooling === "cls" ? 0 : 1;
    const pools = rows.map((_, row) => ({ row, segment }));
    const read = await this.read({ rows, states: [], pools, scores: [], comparisons: [] }, signal);
    if (!normalize) return [...read.pools];
    return read.pools.map((pool) => {
      const length = Math.sqrt(pool.reduce((sum, value) => sum + value * value, 0));
      return length === 0 ? pool : pool.map((value) => value / length);
    });
  }

  async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    signal?.throwIfAborted();
    if (!this.capabilities.generation) throw unshown(this.identity, "continuations");
    for (const { ids } of request.prompts) refuseTooLong(this.identity, ids.length + request.maxTokens);
    return this.sampler.sample(request, signal);
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}
