import type { AttentionRef, AttentionSummary, Row } from "../contract.ts";
import type { Engine } from "./Engine.ts";
import { batchFeeds, cutBatches, type Layout, layout, packRows } from "./rows.ts";
import { floatsOf, floatTensor } from "./Sessions.ts";

/** Tokens a packed sequence, and a batch: attention costs the square of the first. */
const PACK_TOKENS = 128;
const BATCH_TOKENS = 768;

/** Bins before those of the segment's own tokens (contract.ts, AttentionSummary). */
const OWN = 3;

/** A row of what a reference needs: what stands before the context, the context, and the segment that looks. */
interface Asked {
  readonly all: Layout;
  readonly context: readonly [from: number, to: number];
  readonly tokens: number;
}

/** The segments from the root to `segment`, one after another. */
function lineOf(row: Row, segment: number): { line: Row; indices: number[] } {
  const indices: number[] = [];
  for (let at: number | null = segment; at !== null; at = row[at]?.parent ?? null) indices.unshift(at);
  const line = indices.map((index, i) => ({ ...(row[index] as Row[number]), parent: i === 0 ? null : i - 1 }));
  return { line, indices };
}

function askedOf(rows: readonly Row[], { row, segment, context }: AttentionRef): Asked {
  const { line, indices } = lineOf(rows[row] as Row, segment);
  if (indices.at(-2) !== context) throw new Error(`segment ${segment} does not follow the context ${context}`);
  const all = layout(line);
  const [from, to, end] = all.starts.slice(-3) as [number, number, number];
  return { all, context: [from, to], tokens: end - to };
}

/** Attention at chosen segments, summed in the graph: whole attention maps would be some hundred times as large. */
export class AttentionReader {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Equal references are read once. */
  async read(rows: readonly Row[], refs: readonly AttentionRef[], signal?: AbortSignal): Promise<AttentionSummary[]> {
    const keys = refs.map(({ row, segment }) => `${row} ${segment}`);
    const distinct = new Map(refs.map((ref, i) => [keys[i] as string, askedOf(rows, ref)]));
    const asked = [...distinct.values()];
    const summaries = new Map<Asked, AttentionSummary>();
    const packs = packRows(
      asked.map(({ all }) => all.ids.length),
      PACK_TOKENS,
    );
    for (const batch of cutBatches(packs, BATCH_TOKENS)) {
      signal?.throwIfAborted();
      const places = batch.flatMap((pack, line) =>
        pack.rows.map((row, i) => ({ one: asked[row] as Asked, line, offset: pack.offsets[i] as number })),
      );
      for (const [one, summary] of await this.readBatch(asked, batch, places)) summaries.set(one, summary);
    }
    return keys.map((key) => summaries.get(distinct.get(key) as Asked) as AttentionSummary);
  }

  private async readBatch(
    asked: readonly Asked[],
    batch: ReturnType<typeof cutBatches>[number],
    places: readonly { readonly one: Asked; readonly line: number; readonly offset: number }[],
  ): Promise<[Asked, AttentionSummary][]> {
    const { config } = this.engine;
    const feeds = batchFeeds(
      asked.map(({ all }) => all),
      batch,
      config,
    );
    const [b, t] = feeds.ids.dims as [number, number];
    const used = new Array<number>(b).fill(0);
    const slots = places.map(({ one, line }) => {
      const slot = used[line] as number;
      used[line] = slot + one.tokens;
      return slot;
    });
    const q = Math.max(...used);
    const k = OWN + Math.max(...places.map(({ one }) => one.tokens));
    const select = new Float32Array(b * q * t);
    const bins = new Float32Array(b * t * k);
    const context = new Float32Array(b * t);
    places.forEach(({ one, line, offset }, i) => {
      const [from, to] = one.context;
      one.all.ids.forEach((_, token) => {
        const bin = token >= to ? OWN + token - to : token >= from ? 2 : token > 0 ? 1 : 0;
        bins[(line * t + offset + token) * k + bin] = 1;
        if (token >= from && token < to) context[line * t + offset + token] = 1;
        if (token >= to) select[(line * q + (slots[i] as number) + token - to) * t + offset + token] = 1;
      });
    });
    const outputs = await this.engine.runBody("attend", feeds, {
      select: floatTensor(select, [b, 1, 1, q, t]),
      bins: floatTensor(bins, [b, 1, 1, t, k]),
      context: floatTensor(context, [b, 1, 1, 1, t]),
    });
    const [attended, contributed] = [floatsOf(outputs, "attended"), floatsOf(outputs, "contributed")];
    const { heads, layers, headSize } = config;
    return places.map(({ one, line }, i) => {
      /** [heads, tokens, keep] of a tensor [layers, b, heads, q, size], by layer. */
      const pick = (data: Float32Array, size: number, keep: number) =>
        Array.from({ length: layers }, (_, layer) => {
          const out = new Float32Array(heads * one.tokens * keep);
          for (let head = 0; head < heads; head++) {
            for (let token = 0; token < one.tokens; token++) {
              const from = (((layer * b + line) * heads + head) * q + (slots[i] as number) + token) * size;
              out.set(data.subarray(from, from + keep), (head * one.tokens + token) * keep);
            }
          }
          return out;
        });
      const weights = pick(attended, k, OWN + one.tokens);
      return [one, { heads, tokens: one.tokens, weights, context: pick(contributed, headSize, headSize) }];
    });
  }
}
