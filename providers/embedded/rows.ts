/** Rows of segments (contract.ts) as the tensors that a graph reads. */
import type { Row } from "../contract.ts";
import type { TensorData } from "./sessionWorker.ts";

/** A row laid out: its tokens one after another, segment by segment. */
export interface Layout {
  readonly ids: readonly number[];
  readonly positions: readonly number[];
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
  const starts: number[] = [];
  const next: number[] = [];
  const lineage: number[][] = [];
  row.forEach((segment, index) => {
    const { parent } = segment;
    if (parent !== null && parent >= index) throw new Error(`segment ${index} comes before its parent ${parent}`);
    const start = segment.start ?? (parent === null ? 0 : (next[parent] as number));
    starts.push(ids.length);
    segment.ids.forEach((id, i) => {
      ids.push(id);
      positions.push(start + i);
    });
    next.push(start + segment.ids.length);
    lineage.push([index, ...(parent === null ? [] : (lineage[parent] as number[]))]);
  });
  starts.push(ids.length);
  return { ids, positions, starts, lineage };
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

/** ids, positions int64 [b, t] and mask float [b, 1, t, t] of b packs, padded on the right. */
export function batchFeeds(
  layouts: readonly Layout[],
  packs: readonly Pack[],
): Record<"ids" | "positions" | "mask", TensorData> {
  const b = packs.length;
  const t = Math.max(...packs.map((pack) => pack.length));
  const ids = new BigInt64Array(b * t);
  const positions = new BigInt64Array(b * t);
  const mask = new Float32Array(b * t * t).fill(HIDDEN);
  packs.forEach((pack, line) => {
    const visible = (query: number, from: number, to: number) => {
      const base = line * t * t + query * t;
      mask.fill(0, base + from, base + to);
    };
    pack.rows.forEach((row, i) => {
      const { ids: rowIds, positions: rowPositions, starts, lineage } = layouts[row] as Layout;
      const offset = pack.offsets[i] as number;
      rowIds.forEach((id, token) => {
        ids[line * t + offset + token] = BigInt(id);
        positions[line * t + offset + token] = BigInt(rowPositions[token] as number);
      });
      lineage.forEach((ancestors, segment) => {
        for (let query = starts[segment] as number; query < (starts[segment + 1] as number); query++) {
          for (const ancestor of ancestors) {
            const end = ancestor === segment ? query + 1 : (starts[ancestor + 1] as number);
            visible(offset + query, offset + (starts[ancestor] as number), offset + end);
          }
        }
      });
    });
    // Padding sees itself, lest its softmax divides by nothing.
    for (let query = pack.length; query < t; query++) visible(query, query, query + 1);
  });
  return {
    ids: { type: "int64", data: ids, dims: [b, t] },
    positions: { type: "int64", data: positions, dims: [b, t] },
    mask: { type: "float32", data: mask, dims: [b, 1, t, t] },
  };
}
