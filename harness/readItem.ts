/** Lets the model read an item under all its conditions, in one request, and sorts what comes back. */
import type { Provider, ReadRequest, ReadResult, Segment, SegmentRef } from "../providers/contract.ts";
import type { Item } from "../suites/Suite.ts";
import type { Role } from "./conditions.ts";
import type { FrameReader } from "./FrameReader.ts";
import type { ConditionReading, ContinuationReading } from "./Reading.ts";

export type Positions = "natural" | "matched";

export interface ConditionText {
  readonly name: string;
  readonly role: Role;
  readonly text: string;
}

export interface ItemRequest {
  readonly item: Item;
  readonly frame: FrameReader;
  readonly positions: Positions;
  /** The original first. */
  readonly conditions: readonly ConditionText[];
  /** What the model said after the original. */
  readonly continuations: readonly (readonly number[])[];
  /** How many of them the floors and foils are read with. */
  readonly controls: number;
}

const BEFORE = 0;
const CONTEXT = 1;
const AFTER = 2;

/** The question on the changed fact; the frame's {question} too. */
function factQuestion(item: Item) {
  return item.questions.find((question) => question.decoyAnswer !== undefined) ?? null;
}

/** What fills a frame's {question}: the item's first question. */
export function frameQuestion(item: Item): string {
  return item.questions[0]?.question ?? "";
}

/** How a fact is asked: two rival texts after the same prefix. */
function rivals({
  item,
  frame,
}: ItemRequest): { probe: readonly number[] | null; answer: number[]; decoyAnswer: number[] } | null {
  const question = factQuestion(item);
  if (question?.decoyAnswer !== undefined) {
    return {
      probe: frame.probe(question.question),
      answer: frame.said(question.answer),
      decoyAnswer: frame.said(question.decoyAnswer),
    };
  }
  const [paraphrase] = item.paraphrases;
  if (paraphrase === undefined || !item.decoy?.paraphrase) return null;
  return { probe: null, answer: frame.said(paraphrase), decoyAnswer: frame.said(item.decoy.paraphrase) };
}

/** Which parts of the reading a condition takes part in; what no verdict or table needs is not computed. */
function partsOf({ role, name }: ConditionText): {
  continuations: "all" | "controls" | "none";
  fact: boolean;
  reconstruction: boolean;
} {
  const full = role === "reference" || role === "candidate" || role === "ceiling";
  return {
    continuations: full ? "all" : role === "control" ? "none" : "controls",
    fact: role !== "floor" || name === "filler",
    reconstruction: role === "candidate" || role === "ceiling" || name === "filler",
  };
}

interface Built {
  request: ReadRequest;
  /** For each condition, the index of its entry in each list of the request, or null. */
  places: {
    continuations: (readonly [comparison: number, column: number])[];
    answer: number | null;
    decoyAnswer: number | null;
    reconstruction: number | null;
    pooled: number | null;
  }[];
  tokens: number[];
}

function build(all: ItemRequest): Built {
  const { frame, item, continuations } = all;
  const { before, after } = frame.ids(frameQuestion(item));
  const asked = rivals(all);
  const reconstruction = frame.said(item.original);
  const originalTokens = frame.context(all.conditions[0]?.text ?? "").length;
  const rows: Segment[][] = [];
  const scores: SegmentRef[] = [];
  const pools: SegmentRef[] = [];
  const comparisons: SegmentRef[][] = continuations.map(() => []);
  const places: Built["places"] = [];
  const tokens: number[] = [];
  for (const condition of all.conditions) {
    const row = rows.length;
    const parts = partsOf(condition);
    const context = frame.context(condition.text);
    tokens.push(context.length);
    // Matched positions put the readout where it stands under the original, however long the context is.
    const start = all.positions === "matched" ? { start: before.length + originalTokens } : {};
    const segments: Segment[] = [
      { ids: before, parent: null },
      { ids: context, parent: BEFORE },
      { ids: after, parent: CONTEXT, ...start },
    ];
    const add = (segment: Segment) => segments.push(segment) - 1;
    const score = (segment: number) => scores.push({ row, segment }) - 1;
    const read =
      parts.continuations === "all" ? continuations.length : parts.continuations === "controls" ? all.controls : 0;
    const place: Built["places"][number] = {
      continuations: [],
      answer: null,
      decoyAnswer: null,
      reconstruction: null,
      pooled: null,
    };
    for (let m = 0; m < read; m++) {
      const segment = add({ ids: continuations[m] as readonly number[], parent: AFTER });
      const column = (comparisons[m] as SegmentRef[]).push({ row, segment }) - 1;
      place.continuations.push([m, column]);
    }
    if (parts.fact && asked) {
      const parent = asked.probe ? add({ ids: asked.probe, parent: CONTEXT, ...start }) : AFTER;
      place.answer = score(add({ ids: asked.answer, parent }));
      place.decoyAnswer = score(add({ ids: asked.decoyAnswer, parent }));
    }
    if (parts.reconstruction) place.reconstruction = score(add({ ids: reconstruction, parent: AFTER }));
    if (context.length > 0) place.pooled = pools.push({ row, segment: CONTEXT }) - 1;
    rows.push(segments);
    places.push(place);
  }
  const states = rows.map((_, row) => ({ row, segment: AFTER }));
  return { request: { rows, states, pools, scores, comparisons }, places, tokens };
}

/** Tokens that the request makes the model read, without padding. */
export function tokensOf(request: ItemRequest): number {
  return build(request)
    .request.rows.flat()
    .reduce((sum, segment) => sum + segment.ids.length, 0);
}

/** States of one place of a result, one array a layer. */
export function statesAt(result: ReadResult, place: number, places: number, width: number): Float32Array[] {
  const layers = result.states.length / (places * width);
  return Array.from({ length: layers }, (_, layer) => {
    const from = (layer * places + place) * width;
    return result.states.subarray(from, from + width);
  });
}

export async function readItem(
  all: ItemRequest,
  provider: Provider,
  signal?: AbortSignal,
): Promise<Map<string, ConditionReading>> {
  const { request, places, tokens } = build(all);
  const result = await provider.read(request, signal);
  const pick = (index: number | null) => (index === null ? null : (result.scores[index] ?? null));
  return new Map(
    all.conditions.map((condition, i) => {
      const place = places[i] as Built["places"][number];
      const continuations: ContinuationReading[] = place.continuations.map(([m, column]) => {
        const comparison = result.comparisons[m];
        const take = <T>(rows: readonly (readonly T[])[] | undefined) => (rows ?? []).map((row) => row[column] as T);
        return { kl: take(comparison?.kl), sameTop: take(comparison?.sameTop), logProb: take(comparison?.logProb) };
      });
      const reading: ConditionReading = {
        name: condition.name,
        text: condition.text,
        tokens: tokens[i] as number,
        continuations,
        answer: pick(place.answer),
        decoyAnswer: pick(place.decoyAnswer),
        reconstruction: pick(place.reconstruction),
        states: statesAt(result, i, all.conditions.length, provider.identity.width),
        pooled: place.pooled === null ? null : (result.pools[place.pooled] ?? null),
      };
      return [condition.name, reading];
    }),
  );
}
