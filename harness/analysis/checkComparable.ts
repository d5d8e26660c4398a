/**
 * May two runs be held against each other? Values are comparable where whatever they are conditional on is the same:
 * the items' texts, the frames, the continuations, the reference corpus, the definitions of the measures, the settings
 * of the verdict. What may differ is what one compares runs for: the codes, the items that are there, the program's
 * version. Different weights are the one difference that leaves something to compare: scores, which have each model's
 * own scale (linearisedScore.ts).
 */
import { ExpectedError } from "../../errors.ts";
import { type Manifest, type ModelEntry, missingBatches, type RunRecord } from "../RunRecord.ts";

export interface ComparablePair {
  readonly before: ModelEntry;
  readonly after: ModelEntry;
  /** Values of the same weights and tokenizer as they are; scores only of different ones. */
  readonly scale: "values" | "scores";
}

export interface Comparable {
  readonly models: readonly ComparablePair[];
  /** Items of both runs: their places in each manifest. */
  readonly items: readonly { readonly before: number; readonly after: number }[];
  /** What differs and is allowed to; a reader must know it. */
  readonly notes: readonly string[];
}

function refusal(what: string, before: string, after: string, hint: string): ExpectedError {
  return new ExpectedError({
    code: "not-comparable",
    message: `the runs cannot be compared: ${what}: ${before} before, ${after} after`,
    hint,
  });
}

/** Texts of which one may be long: enough of both to see where they part. */
function parting(one: string, other: string): [string, string] {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const from = Math.max(0, same - 20);
  const part = (text: string) => {
    const piece = text.slice(from, from + 60);
    return JSON.stringify(`${from > 0 ? "…" : ""}${piece}${from + 60 < text.length ? "…" : ""}`);
  };
  return [part(one), part(other)];
}

const SAME_SUITE = "compare runs of the same suite and profile, made with the same settings";

function checkSettings(before: Manifest, after: Manifest): void {
  const [one, other] = [before.suite, after.suite];
  const settings: [string, unknown, unknown][] = [
    ["margin", one.margin, other.margin],
    ["statistics.alpha", one.alpha, other.alpha],
    ["statistics.seed", one.seed, other.seed],
    ["positions", one.positions.join(" and "), other.positions.join(" and ")],
    ["continuations.samples", one.continuations.samples, other.continuations.samples],
    ["continuations.controls", one.continuations.controls, other.continuations.controls],
    ["continuations.tokens", one.continuations.tokens, other.continuations.tokens],
    ["continuations.seed", one.continuations.seed, other.continuations.seed],
  ];
  for (const [name, mine, theirs] of settings) {
    if (mine !== theirs) throw refusal(name, String(mine), String(theirs), SAME_SUITE);
  }
  for (const measure of before.measures) {
    const same = after.measures.find(({ name }) => name === measure.name);
    if (same === undefined) continue;
    for (const key of ["definition", "unit", "better", "range", "perLayer"] as const) {
      const [mine, theirs] = [measure[key], same[key]].map((value) => JSON.stringify(value)) as [string, string];
      if (mine === theirs) continue;
      const hint = "the measure was defined in another way then: run the suite again with one version of isoglyph";
      throw refusal(`${key} of the measure ${measure.name}`, mine, theirs, hint);
    }
  }
}

function sameItems(before: Manifest, after: Manifest): Comparable["items"] {
  const places = new Map(after.items.map((item, i) => [item.id, i]));
  const shared = before.items.flatMap((item, i) => {
    const place = places.get(item.id);
    return place === undefined ? [] : [{ before: i, after: place }];
  });
  for (const { before: i, after: k } of shared) {
    const [one, other] = [before.items[i], after.items[k]];
    if (one === undefined || other === undefined) continue;
    if (one.original !== other.original) {
      const [mine, theirs] = parting(one.original, other.original);
      throw refusal(`the text of item ${one.id}`, mine, theirs, "give an item that was rewritten a new id");
    }
    if (one.controls !== undefined && other.controls !== undefined && one.controls !== other.controls) {
      const texts = `paraphrases, decoy or questions of item ${one.id}`;
      const hint = "scores and facts rest on these: give an item that was rewritten a new id";
      throw refusal(texts, `sha256 ${one.controls.slice(0, 12)}`, `sha256 ${other.controls.slice(0, 12)}`, hint);
    }
    if (one.cluster !== other.cluster) {
      throw refusal(`the cluster of item ${one.id}`, one.cluster, other.cluster, SAME_SUITE);
    }
  }
  if (shared.length > 0) return shared;
  const first = ({ items }: Manifest) => items[0]?.id ?? "none";
  throw refusal("no item is in both; the first one is", first(before), first(after), SAME_SUITE);
}

function modelPairs(before: Manifest, after: Manifest): [ModelEntry, ModelEntry][] {
  const shared = before.models.flatMap((one): [ModelEntry, ModelEntry][] => {
    const other = after.models.find(({ identity }) => identity.reference === one.identity.reference);
    return other ? [[one, other]] : [];
  });
  const [one, other] = [before.models[0], after.models[0]];
  if (shared.length > 0) return shared;
  if (one && other && before.models.length === 1 && after.models.length === 1) return [[one, other]];
  const names = ({ models }: Manifest) => models.map(({ identity }) => identity.reference).join(", ") || "none";
  const hint = "compare runs that share a model, or that have one model each";
  throw refusal("the models", names(before), names(after), hint);
}

const describe = ({ identity }: ModelEntry) =>
  `${identity.reference} (weights ${identity.digest.slice(0, 12)}, tokenizer ${identity.tokenizerDigest.slice(0, 12)})`;

function checkModels(before: ModelEntry, after: ModelEntry, notes: string[]): ComparablePair {
  const same =
    before.identity.digest === after.identity.digest &&
    before.identity.tokenizerDigest === after.identity.tokenizerDigest;
  const names = (entry: ModelEntry) => Object.keys(entry.frames).join(", ");
  if (names(before) !== names(after)) throw refusal("frames", names(before), names(after), SAME_SUITE);
  for (const [name, frame] of Object.entries(before.frames)) {
    for (const part of ["before", "after"] as const) {
      const [mine, theirs] = [frame[part], after.frames[name]?.[part] ?? ""];
      if (mine === theirs) continue;
      // Each model has a template of its own.
      if (same) throw refusal(`frame ${name}, text ${part} the context`, ...parting(mine, theirs), SAME_SUITE);
      notes.push(`the frame ${name} is rendered differently for the two models`);
    }
  }
  const bands = ({ bands: list, headlineBand }: ModelEntry) =>
    `${list.map((band) => (same ? `${band.name} (${band.from}–${band.to})` : band.name)).join(", ")}, headline ${headlineBand}`;
  if (bands(before) !== bands(after)) throw refusal("bands", bands(before), bands(after), SAME_SUITE);
  if (before.corpus.sha256 !== after.corpus.sha256) {
    const hint = "states are centred on the corpus: run both with one version of isoglyph";
    throw refusal("the reference corpus", before.corpus.sha256, after.corpus.sha256, hint);
  }
  if (!same) notes.push(`different models, so only scores are compared: ${describe(before)} and ${describe(after)}`);
  for (const key of ["engine", "weights"] as const) {
    const [mine, theirs] = [before.identity[key], after.identity[key]];
    if (mine !== theirs) notes.push(`${before.identity.reference}: ${key} ${mine} before, ${theirs} after`);
  }
  return { before, after, scale: same ? "values" : "scores" };
}

function differences(before: Manifest, after: Manifest): string[] {
  const notes: string[] = [];
  const absent = (what: string, one: readonly string[], other: readonly string[]) => {
    for (const [list, rest, when] of [
      [one, other, "before"],
      [other, one, "after"],
    ] as const) {
      const only = list.filter((name) => !rest.includes(name));
      const shown = only.length > 8 ? `${only.slice(0, 8).join(", ")} and ${only.length - 8} more` : only.join(", ");
      if (only.length > 0) notes.push(`${what} only ${when}: ${shown}`);
    }
  };
  if (before.version !== after.version) notes.push(`isoglyph ${before.version} before, ${after.version} after`);
  const [one, other] = [before.suite, after.suite];
  if (one.hash !== other.hash) notes.push("the suites differ in their texts or settings");
  for (const [name, spec] of Object.entries(one.candidates)) {
    const now = other.candidates[name];
    if (now && JSON.stringify(now) !== JSON.stringify(spec)) notes.push(`the candidate ${name} is defined differently`);
  }
  absent("candidates", Object.keys(one.candidates), Object.keys(other.candidates));
  absent(
    "items",
    before.items.map(({ id }) => id),
    after.items.map(({ id }) => id),
  );
  absent(
    "measures",
    before.measures.map(({ name }) => name),
    after.measures.map(({ name }) => name),
  );
  return notes;
}

/** @throws ExpectedError `not-comparable`, with both values; `run-incomplete`. */
export function checkComparable(before: RunRecord, after: RunRecord): Comparable {
  for (const [record, when] of [
    [before, "first"],
    [after, "second"],
  ] as const) {
    const { missing, planned } = missingBatches(record);
    if (missing === 0) continue;
    throw new ExpectedError({
      code: "run-incomplete",
      message: `the ${when} run stopped early: ${missing} of ${planned} batches are missing`,
      hint: "run the suite again; nothing is compared with part of a run",
    });
  }
  checkSettings(before.manifest, after.manifest);
  const items = sameItems(before.manifest, after.manifest);
  const notes = differences(before.manifest, after.manifest);
  const models = modelPairs(before.manifest, after.manifest).map(([one, other]) => checkModels(one, other, notes));
  return { models, items, notes: [...new Set(notes)] };
}
