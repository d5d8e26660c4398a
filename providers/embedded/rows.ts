/** Rows of segments (contract.ts) as the tensors that a graph reads. */
import type { Row } from "../contract.ts";
import type { ModelConfig } from "./ModelConfig.ts";
import type { TensorData } from "./sessionWorker.ts";

/** A row laid out: its tokens one after another, segment by segment. */
export interface Layout {
  readonly ids: readonly number[];
  readonly positions: readonly number[];
  /** For each token: how many it follows, its own segment's and its ancestors'. */
  readonly depths: readonly number[];
  /** Where each segment begins, and the end as a last entry. */
  readonly starts: readonly number[];
  /** For each segment: itself and its ancestors. */
  readonly lineage: readonly (readonly number[])[];
}

/** Large enough that no softmax sees what it hides, small enough to be added to. */
const HIDDEN = -1e30;

export function layout(row: Row): Layout {
  const ids: number[] = [];
  const positions: number[] = [];
  const depths: number[] = [];
  const starts: number[] = [];
  const next: number[] = [];
  const ends: number[] = [];
  const lineage: number[][] = [];
  row.forEach((segment, index) => {
    const { parent } = segment;
    if (parent !== null && parent >= index) throw new Error(`segment ${index} comes before its parent ${parent}`);
    const start = segment.start ?? (parent === null ? 0 : (next[parent] as number));
    const depth = parent === null ? 0 : (ends[parent] as number);
    starts.push(ids.length);
    segment.ids.forEach((id, i) => {
      ids.push(id);
      positions.push(start + i);
      depths.push(depth + i);
    });
    ends.push(depth + segment.ids.length);
    next.push(start + segment.ids.length);
    lineage.push([index, ...(parent === null ? [] : (lineage[parent] as number[]))]);
  });
  starts.push(ids.length);
  return { ids, positions, depths, starts, lineage };
}

/** Index in the row of the last token that a segment holds, or that it follows where it has none. */
export function lastToken({ starts, lineage }: Layout, segment: number): number {
  for (const ancestor of lineage[segment] ?? []) {
    const end = starts[ancestor + 1] as number;
    if (end > (starts[ancestor] as number)) return end - 1;
  }
  throw new Error(`segment ${segment} has no token before it`);
}

/** For each token of a segment, the index in the row of the token that predicts it. */
export function predictors(all: Layout, row: Row, segment: number): number[] {
  const parent = row[segment]?.parent;
  if (parent === null || parent === undefined)
    throw new Error(`segment ${segment} follows nothing, so nothing predicts it`);
  const start = all.starts[segment] as number;
  const count = (all.starts[segment + 1] as number) - start;
  return Array.from({ length: count }, (_, i) => (i === 0 ? lastToken(all, parent) : start + i - 1));
}

/** Rows laid side by side in one sequence, none of which sees another; `rows` are indices, `offsets` where each begins. */
export interface Pack {
  readonly rows: readonly number[];
  readonly offsets: readonly number[];
  readonly length: number;
}

/**
 * Fills sequences of at most `capacity` tokens (or as long as the longest row) with whole rows, first fit by
 * decreasing length: rows of unlike length share a sequence instead of being padded to each other.
 */
export function packRows(lengths: readonly number[], capacity: number): Pack[] {
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  const packs: { rows: number[]; offsets: number[]; length: number }[] = [];
  for (const row of order) {
    const length = lengths[row] as number;
    let pack = packs.find((candidate) => candidate.length + length <= capacity);
    if (pack === undefined) {
      pack = { rows: [], offsets: [], length: 0 };
      packs.push(pack);
    }
    pack.rows.push(row);
    pack.offsets.push(pack.length);
    pack.length += length;
  }
  return packs;
}

/** Packs that are read together: about `tokens` tokens, padding included. */
export function cutBatches(packs: readonly Pack[], tokens: number): Pack[][] {
  const order = [...packs].sort((a, b) => b.length - a.length);
  const batches: Pack[][] = [];
  let current: Pack[] = [];
  for (const pack of order) {
    const longest = current[0]?.length ?? pack.length;
    if (current.length > 0 && (current.length + 1) * longest > tokens) {
      batches.push(current);
      current = [];
    }
    current.push(pack);
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

/** What of a model decides who sees whom. */
export type View = Pick<ModelConfig, "causal" | "sliding" | "rope">;

/**
 * Which row of the tables of rotary angles a position takes. Where a model turns long sequences otherwise, the tables
 * hold both kinds of angles by turns, and the sequence decides: `last` is its largest position.
 */
export function ropeRow(view: View, position: number, last: number): number {
  const long = view.rope?.long;
  return long ? 2 * position + (last >= long.beyond ? 1 : 0) : position;
}

/**
 * ids, positions int64 [b, t] and mask float [b, 1, t, t] of b packs, padded on the right. An encoder's rows see
 * themselves whole; where the model asks for
 * them, mask_local (a sliding window) and rope_rows (ropeRow).
 */
export function batchFeeds(
  layouts: readonly Layout[],
  packs: readonly Pack[],
  view: View,
): Record<"ids" | "positions" | "mask", TensorData> & Record<string, TensorData> {
  const b = packs.length;
  const t = Math.max(...packs.map((pack) => pack.length));
  const ids = new BigInt64Array(b * t);
  const positions = new BigInt64Array(b * t);
  const ropeRows = new BigInt64Array(b * t);
  const mask = new Float32Array(b * t * t).fill(HIDDEN);
  const window = view.sliding?.window ?? Number.POSITIVE_INFINITY;
  const local = view.sliding ? new Float32Array(b * t * t).fill(HIDDEN) : null;
  packs.forEach((pack, line) => {
    pack.rows.forEach((row, i) => {
      const { ids: rowIds, positions: rowPositions, depths, starts, lineage } = layouts[row] as Layout;
      const offset = line * t + (pack.offsets[i] as number);
      const last = rowPositions.reduce((a, c) => Math.max(a, c), 0);
      rowIds.forEach((id, token) => {
        ids[offset + token] = BigInt(id);
        positions[offset + token] = BigInt(rowPositions[token] as number);
        ropeRows[offset + token] = BigInt(ropeRow(view, rowPositions[token] as number, last));
      });
      if (!view.causal) {
        const [from, to] = [pack.offsets[i] as number, (pack.offsets[i] as number) + rowIds.length];
        for (let query = from; query < to; query++)
          mask.fill(0, (line * t + query) * t + from, (line * t + query) * t + to);
        return;
      }
      lineage.forEach((ancestors, segment) => {
        for (let query = starts[segment] as number; query < (starts[segment + 1] as number); query++) {
          const keys = (offset + query) * t + (pack.offsets[i] as number);
          for (const ancestor of ancestors) {
            const from = starts[ancestor] as number;
            const end = ancestor === segment ? query + 1 : (starts[ancestor + 1] as number);
            if (end <= from) continue;
            mask.fill(0, keys + from, keys + end);
            if (local === null) continue;
            // Depth runs along a segment, so the window cuts off its first tokens.
            const beyond = (depths[query] as number) - window + 1 - (depths[from] as number);
            local.fill(0, keys + Math.min(end, from + Math.max(0, beyond)), keys + end);
          }
        }
      });
    });
    // Padding sees itself, lest its softmax divides by nothing.
    for (let query = pack.length; query < t; query++) {
      const self = (line * t + query) * t + query;
      mask[self] = 0;
      if (local) local[self] = 0;
    }
  });
  const grid = [b, 1, t, t];
  return {
    ids: { type: "int64", data: ids, dims: [b, t] },
    positions: { type: "int64", data: positions, dims: [b, t] },
    mask: { type: "float32", data: mask, dims: grid },
    ...(local && { mask_local: { type: "float32" as const, data: local, dims: grid } }),
    ...(view.rope?.long && { rope_rows: { type: "int64" as const, data: ropeRows, dims: [b, t] } }),
  };
}
