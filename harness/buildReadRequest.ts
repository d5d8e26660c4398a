/** One request for all conditions of an item, and where in its answer each condition's parts stand. */
import type { Capabilities, ReadRequest, Segment, SegmentRef } from "../providers/contract.ts";
import { continuationsOf, type ItemRequest, partsOf, reverseConditions } from "./ItemRequest.ts";
import { factQuestion, frameQuestion } from "./itemQuestions.ts";

const BEFORE = 0;
const CONTEXT = 1;
const AFTER = 2;

/** How a fact is asked: two rival texts after the same prefix. */
function rivals(
  all: ItemRequest,
): { probe: readonly number[] | null; answer: readonly number[]; decoyAnswer: readonly number[] } | null {
  const { item, frame } = all;
  const question = factQuestion(item);
  if (question?.decoyAnswer !== undefined) {
    return {
      probe: frame.probe(question.question),
      answer: frame.said(question.answer),
      decoyAnswer: frame.said(question.decoyAnswer),
    };
  }
  const paraphrases = saidParaphrases(all);
  return paraphrases && { probe: null, answer: paraphrases.original, decoyAnswer: paraphrases.decoy };
}

/** The first paraphrase and the decoy's. */
function saidParaphrases({ item, frame }: ItemRequest): { original: number[]; decoy: number[] } | null {
  const [paraphrase] = item.paraphrases;
  if (paraphrase === undefined || !item.decoy?.paraphrase) return null;
  return { original: frame.said(paraphrase), decoy: frame.said(item.decoy.paraphrase) };
}

/** What the conditions other than the original say themselves, by condition; empty where nothing asks for it. */
export type OwnContinuations = ReadonlyMap<string, readonly (readonly number[])[]>;

export interface ReadPlan {
  request: ReadRequest;
  /** For each condition, the index of its entry in each list of the request, or null. */
  places: {
    continuations: (readonly [comparison: number, column: number])[];
    answer: number | null;
    decoyAnswer: number | null;
    reconstruction: number | null;
    paraphrase: number | null;
    decoyParaphrase: number | null;
    /** Scores of continuations, where there is nothing to compare. */
    continued: number[];
    /** Comparisons along the condition's own continuations; the original is their column 1. */
    reverse: number[];
    pooled: number | null;
  }[];
  tokens: number[];
}

/** What can be had at all; nothing else is asked for. */
export interface Shown {
  readonly logits: Capabilities["promptLogits"];
  readonly scores: boolean;
  readonly states: boolean;
  readonly pools: boolean;
}

export function buildReadRequest(all: ItemRequest, own: OwnContinuations, shown: Shown): ReadPlan {
  const logits = shown.logits === "full";
  const { frame, item, continuations } = all;
  const { before, after } = frame.ids(frameQuestion(item));
  const asked = shown.scores ? rivals(all) : null;
  const reconstruction = frame.said(item.original);
  const paraphrases = shown.scores && all.extras?.has("paraphrases") ? saidParaphrases(all) : null;
  const originalIds = frame.context(all.conditions[0]?.text ?? "");
  const rows: Segment[][] = [];
  const scores: SegmentRef[] = [];
  const pools: SegmentRef[] = [];
  const comparisons: SegmentRef[][] = logits ? continuations.map(() => []) : [];
  const places: ReadPlan["places"] = [];
  const tokens: number[] = [];
  for (const condition of all.conditions) {
    const row = rows.length;
    const parts = partsOf(condition);
    const context = frame.context(condition.text);
    tokens.push(context.length);
    // Matched positions put the readout where it stands under the original, however long the context is.
    const start = all.positions === "matched" ? { start: before.length + originalIds.length } : {};
    const segments: Segment[] = [
      { ids: before, parent: null },
      { ids: context, parent: BEFORE },
      { ids: after, parent: CONTEXT, ...start },
    ];
    const add = (segment: Segment) => segments.push(segment) - 1;
    const score = (segment: number) => scores.push({ row, segment }) - 1;
    const read = shown.scores ? continuationsOf(condition, all) : 0;
    const place: ReadPlan["places"][number] = {
      continuations: [],
      answer: null,
      decoyAnswer: null,
      reconstruction: null,
      paraphrase: null,
      decoyParaphrase: null,
      continued: [],
      reverse: [],
      pooled: null,
    };
    for (let m = 0; m < read; m++) {
      const segment = add({ ids: continuations[m] as readonly number[], parent: AFTER });
      if (logits) place.continuations.push([m, (comparisons[m] as SegmentRef[]).push({ row, segment }) - 1]);
      else place.continued.push(score(segment));
    }
    if (parts.fact && asked) {
      const parent = asked.probe ? add({ ids: asked.probe, parent: CONTEXT, ...start }) : AFTER;
      place.answer = score(add({ ids: asked.answer, parent }));
      place.decoyAnswer = score(add({ ids: asked.decoyAnswer, parent }));
    }
    if (parts.reconstruction && shown.scores) place.reconstruction = score(add({ ids: reconstruction, parent: AFTER }));
    if (parts.fact && paraphrases) {
      place.paraphrase = score(add({ ids: paraphrases.original, parent: AFTER }));
      place.decoyParaphrase = score(add({ ids: paraphrases.decoy, parent: AFTER }));
    }
    if (context.length > 0 && shown.pools) place.pooled = pools.push({ row, segment: CONTEXT }) - 1;
    const said = (logits && own.get(condition.name)) || [];
    for (const ids of said) {
      place.reverse.push(comparisons.push([{ row, segment: add({ ids, parent: AFTER }) }]) - 1);
    }
    rows.push(segments);
    places.push(place);
  }
  // The original is read with what each condition said in a row of its own: its first row would grow too long.
  all.conditions.forEach(({ name }, i) => {
    const said = (logits && own.get(name)) || [];
    if (said.length === 0) return;
    const segments: Segment[] = [
      { ids: before, parent: null },
      { ids: originalIds, parent: BEFORE },
      { ids: after, parent: CONTEXT },
      ...said.map((ids) => ({ ids, parent: AFTER })),
    ];
    const row = rows.push(segments) - 1;
    places[i]?.reverse.forEach((comparison, m) => {
      comparisons[comparison]?.push({ row, segment: AFTER + 1 + m });
    });
  });
  const readouts = all.conditions.map((_, row) => ({ row, segment: AFTER }));
  const states = shown.states ? readouts : [];
  const jensenShannon = all.extras?.has("jensen-shannon") === true;
  const request: ReadRequest = {
    ...{ rows, states, pools, scores, comparisons, jensenShannon },
    ...(all.extras?.has("attention") && { attention: states.map((ref) => ({ ...ref, context: CONTEXT })) }),
    ...(shown.logits === "top-k" && { nextTokens: readouts }),
  };
  return { request, places, tokens };
}

/** Tokens that the request makes the model read, without padding; own continuations as long as the item's longest. */
export function tokensOf(request: ItemRequest): number {
  const longest = request.continuations.reduce((a, b) => (b.length > a.length ? b : a), []);
  const own = new Map(
    reverseConditions(request).map(({ condition, count }) => [condition.name, new Array(count).fill(longest)] as const),
  );
  return buildReadRequest(request, own, { logits: "full", scores: true, states: true, pools: true })
    .request.rows.flat()
    .reduce((sum, segment) => sum + segment.ids.length, 0);
}
