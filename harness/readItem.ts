/** Lets the model read an item under all its conditions, in one request, and sorts what comes back. */
import type { Provider, ReadRequest, ReadResult, Segment, SegmentRef } from "../providers/contract.ts";
import type { Item } from "../suites/Suite.ts";
import type { Role } from "./conditions.ts";
import type { FrameReader } from "./FrameReader.ts";
import { factQuestion, frameQuestion } from "./itemQuestions.ts";
import type { ConditionReading, ContinuationReading, Extra } from "./Reading.ts";
import { readAnswers } from "./readAnswers.ts";

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
  /** What is observed beyond what always is; nothing where not given. */
  readonly extras?: ReadonlySet<Extra>;
  /**
   * `count` continuations of each of these conditions, for `reverse`: token ids [conditions][count][tokens]. They are
   * given at natural positions, so nothing is asked of it under matched ones.
   */
  readonly sampleFrom?: (conditions: readonly ConditionText[], counts: readonly number[]) => Promise<number[][][]>;
}

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

/** How many of the item's continuations a condition is read with. */
function continuationsOf(condition: ConditionText, { continuations, controls }: ItemRequest): number {
  const part = partsOf(condition).continuations;
  return part === "all" ? continuations.length : part === "controls" ? Math.min(controls, continuations.length) : 0;
}

/** What the conditions other than the original say themselves, by condition; empty where nothing asks for it. */
type Own = ReadonlyMap<string, readonly (readonly number[])[]>;

/** Conditions that are read with continuations of their own, and how many. */
export function reverseConditions(all: ItemRequest): { condition: ConditionText; count: number }[] {
  if (!all.extras?.has("reverse") || all.positions === "matched") return [];
  return all.conditions
    .filter(({ name }) => name !== "original")
    .map((condition) => ({ condition, count: continuationsOf(condition, all) }))
    .filter(({ count }) => count > 0);
}

async function ownContinuations(all: ItemRequest): Promise<Own> {
  const asked = reverseConditions(all);
  if (asked.length === 0 || all.sampleFrom === undefined) return new Map();
  const drawn = await all.sampleFrom(
    asked.map(({ condition }) => condition),
    asked.map(({ count }) => count),
  );
  return new Map(asked.map(({ condition }, i) => [condition.name, drawn[i] ?? []]));
}

interface Built {
  request: ReadRequest;
  /** For each condition, the index of its entry in each list of the request, or null. */
  places: {
    continuations: (readonly [comparison: number, column: number])[];
    answer: number | null;
    decoyAnswer: number | null;
    reconstruction: number | null;
    paraphrase: number | null;
    decoyParaphrase: number | null;
    /** Comparisons along the condition's own continuations; the original is their column 1. */
    reverse: number[];
    pooled: number | null;
  }[];
  tokens: number[];
}

/** What can be had at all; nothing else is asked for. */
interface Shown {
  readonly logits: "full" | "top-k" | "none";
  readonly states: boolean;
}

function build(all: ItemRequest, own: Own, shown: Shown): Built {
  const logits = shown.logits === "full";
  const { frame, item, continuations } = all;
  const { before, after } = frame.ids(frameQuestion(item));
  const asked = logits ? rivals(all) : null;
  const reconstruction = frame.said(item.original);
  const paraphrases = logits && all.extras?.has("paraphrases") ? saidParaphrases(all) : null;
  const originalIds = frame.context(all.conditions[0]?.text ?? "");
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
    const start = all.positions === "matched" ? { start: before.length + originalIds.length } : {};
    const segments: Segment[] = [
      { ids: before, parent: null },
      { ids: context, parent: BEFORE },
      { ids: after, parent: CONTEXT, ...start },
    ];
    const add = (segment: Segment) => segments.push(segment) - 1;
    const score = (segment: number) => scores.push({ row, segment }) - 1;
    const read = logits ? continuationsOf(condition, all) : 0;
    const place: Built["places"][number] = {
      continuations: [],
      answer: null,
      decoyAnswer: null,
      reconstruction: null,
      paraphrase: null,
      decoyParaphrase: null,
      reverse: [],
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
    if (parts.reconstruction && logits) place.reconstruction = score(add({ ids: reconstruction, parent: AFTER }));
    if (parts.fact && paraphrases) {
      place.paraphrase = score(add({ ids: paraphrases.original, parent: AFTER }));
      place.decoyParaphrase = score(add({ ids: paraphrases.decoy, parent: AFTER }));
    }
    if (context.length > 0 && shown.states) place.pooled = pools.push({ row, segment: CONTEXT }) - 1;
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
  return build(request, own, { logits: "full", states: true })
    .request.rows.flat()
    .reduce((sum, segment) => sum + segment.ids.length, 0);
}

/** States of one place of a result, one array a layer. */
export function statesAt(result: ReadResult, place: number, places: number, width: number): Float32Array[] {
  if (result.states.length === 0) return [];
  const layers = result.states.length / (places * width);
  return Array.from({ length: layers }, (_, layer) => {
    const from = (layer * places + place) * width;
    return result.states.subarray(from, from + width);
  });
}

/** Sentence embeddings of the conditions' texts, null for empty ones. */
async function embeddings(
  all: ItemRequest,
  provider: Provider,
  signal?: AbortSignal,
): Promise<(Float32Array | null)[]> {
  const texts = all.conditions.map(({ text }) => text);
  if (!all.extras?.has("embedding")) return texts.map(() => null);
  const spoken = [...new Set(texts)].filter((text) => text !== "");
  const vectors = await provider.embed(spoken, signal);
  const byText = new Map(spoken.map((text, i) => [text, vectors[i] ?? null]));
  return texts.map((text) => byText.get(text) ?? null);
}

export async function readItem(
  all: ItemRequest,
  provider: Provider,
  signal?: AbortSignal,
): Promise<Map<string, ConditionReading>> {
  const own = await ownContinuations(all);
  const { promptLogits, hiddenStates } = provider.capabilities;
  const { request, places, tokens } = build(all, own, { logits: promptLogits, states: hiddenStates === "all" });
  const result = await provider.read(request, signal);
  const embedded = await embeddings(all, provider, signal);
  const said = await readAnswers(all, provider, signal);
  const pick = (index: number | null) => (index === null ? null : (result.scores[index] ?? null));
  const original = all.conditions[0]?.text ?? "";
  // With and without the space that a word has inside a sentence.
  const inOriginal = new Set([...all.frame.context(original), ...all.frame.said(original)]);
  const reversed = reverseConditions(all).length > 0;
  return new Map(
    all.conditions.map((condition, i) => {
      const place = places[i] as Built["places"][number];
      const continuations: ContinuationReading[] = place.continuations.map(([m, column]) => {
        const comparison = result.comparisons[m];
        const take = <T>(rows: readonly (readonly T[])[] | undefined) => (rows ?? []).map((row) => row[column] as T);
        return {
          kl: take(comparison?.kl),
          sameTop: take(comparison?.sameTop),
          logProb: take(comparison?.logProb),
          copied: (all.continuations[m] ?? []).map((id) => inOriginal.has(id)),
          js: comparison?.js ? take(comparison.js) : null,
        };
      });
      // The original's own continuations are the item's, and from itself it does not differ.
      const reverse =
        condition.name === "original"
          ? reversed && continuations.map(({ kl }) => kl)
          : place.reverse.length > 0 &&
            place.reverse.map((index) => (result.comparisons[index]?.kl ?? []).map((row) => row[1] as number));
      const reading: ConditionReading = {
        name: condition.name,
        text: condition.text,
        tokens: tokens[i] as number,
        continuations,
        answer: pick(place.answer),
        decoyAnswer: pick(place.decoyAnswer),
        reconstruction: pick(place.reconstruction),
        paraphrase: pick(place.paraphrase),
        decoyParaphrase: pick(place.decoyParaphrase),
        reverse: reverse || null,
        states: statesAt(result, i, all.conditions.length, provider.identity.width),
        pooled: place.pooled === null ? null : (result.pools[place.pooled] ?? null),
        embedding: embedded[i] ?? null,
        attention: result.attention?.[i] ?? null,
        nextTokens: result.nextTokens?.[i] ?? null,
        answers: said[i]?.answers ?? null,
        restatement: said[i]?.restatement ?? null,
      };
      return [condition.name, reading];
    }),
  );
}
