/**
 * Trees of segments (contract.ts) as plain sequences: one from the root to each leaf that a request asks about. Any
 * model can read those, whatever its attention: no mask of ours has to pass through someone else's code.
 */
import type { AttentionRef, Row, SegmentRef } from "../contract.ts";

export interface Sequence {
  readonly ids: number[];
  /** Null where they count from 0. */
  readonly positions: number[] | null;
}

/** A stretch of a sequence: `from` to before `to`. */
export type Span = readonly [sequence: number, from: number, to: number];

/** The segments from the root to `segment`. */
function lineOf(row: Row, segment: number): number[] {
  const line: number[] = [];
  for (let at: number | null = segment; at !== null; at = row[at]?.parent ?? null) {
    const parent = row[at]?.parent ?? null;
    if (parent !== null && parent >= at) throw new Error(`segment ${at} comes before its parent ${parent}`);
    line.unshift(at);
  }
  return line;
}

/** For each segment, the first leaf below it, or itself; from the back, as children come after their parents. */
function leavesOf(row: Row): number[] {
  const leaves = row.map((_, segment) => segment);
  for (let segment = row.length - 1; segment >= 0; segment--) {
    const parent = row[segment]?.parent ?? null;
    if (parent !== null) leaves[parent] = leaves[segment] as number;
  }
  return leaves;
}

function sequenceOf(row: Row, leaf: number): { sequence: Sequence; starts: ReadonlyMap<number, number> } {
  const ids: number[] = [];
  const positions: number[] = [];
  const starts = new Map<number, number>();
  let next = 0;
  for (const index of lineOf(row, leaf)) {
    const segment = row[index] as Row[number];
    starts.set(index, ids.length);
    next = segment.start ?? next;
    for (const id of segment.ids) {
      ids.push(id);
      positions.push(next++);
    }
  }
  const counts = positions.every((position, i) => position === i);
  return { sequence: { ids, positions: counts ? null : positions }, starts };
}

/** The sequences of a request, equal ones once, and where its segments are in them. */
export class Sequences {
  readonly list: Sequence[] = [];
  private readonly rows: readonly Row[];
  private readonly known = new Map<string, number>();
  private readonly leaves: readonly (readonly number[])[];
  private readonly placed = new Map<string, { index: number; starts: ReadonlyMap<number, number> }>();

  constructor(rows: readonly Row[]) {
    this.rows = rows;
    this.leaves = rows.map(leavesOf);
  }

  /** Where a segment is: in the sequence of the first leaf below it, which it shares with what follows. */
  span({ row, segment }: SegmentRef): Span {
    const leaf = this.leaves[row]?.[segment];
    if (leaf === undefined) throw new Error(`there is no segment ${segment} in row ${row}`);
    const { index, starts } = this.place(row, leaf);
    const from = starts.get(segment) as number;
    return [index, from, from + (this.rows[row]?.[segment]?.ids.length as number)];
  }

  /** A segment whose tokens something predicts. */
  predicted(ref: SegmentRef): Span {
    const span = this.span(ref);
    if (span[1] === 0) throw new Error(`segment ${ref.segment} follows nothing, so nothing predicts it`);
    return span;
  }

  /** Sequence and index of the last token that a segment holds, or that it follows where it has none. */
  last(ref: SegmentRef): readonly [sequence: number, token: number] {
    const [sequence, , to] = this.span(ref);
    if (to === 0) throw new Error(`segment ${ref.segment} has no token before it`);
    return [sequence, to - 1];
  }

  /** Sequence, where the context begins, where the segment begins, and its end. */
  attention({ row, segment, context }: AttentionRef): readonly [number, number, number, number] {
    if (this.rows[row]?.[segment]?.parent !== context) {
      throw new Error(`segment ${segment} does not follow the context ${context}`);
    }
    // Nothing below the segment is needed for it.
    const { index, starts } = this.place(row, segment);
    const from = starts.get(segment) as number;
    const to = from + (this.rows[row]?.[segment]?.ids.length as number);
    return [index, starts.get(context) as number, from, to];
  }

  private place(row: number, leaf: number) {
    const key = `${row} ${leaf}`;
    const there = this.placed.get(key);
    if (there) return there;
    const { sequence, starts } = sequenceOf(this.rows[row] as Row, leaf);
    const content = JSON.stringify([sequence.ids, sequence.positions]);
    const index = this.known.get(content) ?? this.list.push(sequence) - 1;
    this.known.set(content, index);
    const placed = { index, starts };
    this.placed.set(key, placed);
    return placed;
  }
}
