import { expect, test } from "vitest";
import { evaluate } from "../../harness/evaluate.ts";
import { FrameReader } from "../../harness/FrameReader.ts";
import type { ConditionText } from "../../harness/ItemRequest.ts";
import type { ScalarMeasure } from "../../harness/Measure.ts";
import { MEASURES } from "../../harness/measures.ts";
import { measureNoise, monteCarloErrors, noiseConditions, noiseItems } from "../../harness/noise.ts";
import { bandsOf, type ConditionReading, type ItemReading } from "../../harness/Reading.ts";
import { readItem } from "../../harness/readItem.ts";
import { defined, undefinedBecause } from "../../harness/Value.ts";
import type { Provider, ReadRequest } from "../../providers/contract.ts";
import type { Item } from "../../suites/Suite.ts";
import { logProbs } from "../providers/logProbs.ts";
import { ScriptedProvider } from "./ScriptedProvider.ts";
import { SYNONYMS, scriptedItems } from "./scriptedSuite.ts";

test("three items, spread over the suite; all of them where there are no more", () => {
  const items = (count: number) => [...noiseItems(count)];
  expect([0, 1, 2, 3, 4, 40].map(items)).toEqual([[], [0], [0, 1], [0, 1, 2], [0, 1, 2], [0, 13, 26]]);
});

const item = scriptedItems(1)[0] as Item;
const CONDITIONS: ConditionText[] = [
  { name: "original", role: "reference", text: item.original },
  { name: "paraphrase-near", role: "ceiling", text: item.paraphrases[0] as string },
  { name: "paraphrase-far", role: "ceiling", text: item.paraphrases[1] as string },
  { name: "filler", role: "floor", text: "It is here to fill some space." },
  { name: "decoy", role: "foil", text: item.decoy?.text as string },
  { name: "one", role: "candidate", text: "green boxes" },
  { name: "two", role: "candidate", text: "boxes" },
];

test("read again: the original, the first candidate, the first ceiling", () => {
  expect(noiseConditions(CONDITIONS).map(({ name }) => name)).toEqual(["original", "one", "paraphrase-near"]);
});

/** Adds `wobble(call)` nats to what the answer to each read call scores, and to a state. */
function wobbling(provider: Provider, wobble: (call: number) => number): Provider {
  let call = 0;
  const read = async (request: ReadRequest) => {
    const result = await provider.read(request);
    const off = wobble(call++);
    return {
      ...result,
      states: result.states.map((value) => value + off),
      comparisons: result.comparisons.map((comparison) => ({
        ...comparison,
        kl: comparison.kl.map((row) => row.map((value, column) => (column === 0 ? 0 : value + off))),
      })),
    };
  };
  return {
    ...provider,
    identity: provider.identity,
    tokenizer: provider.tokenizer,
    capabilities: provider.capabilities,
    read,
    sample: provider.sample.bind(provider),
    close: provider.close.bind(provider),
  };
}

async function noiseOf(wobble: (call: number) => number) {
  const provider = wobbling(new ScriptedProvider({ synonyms: SYNONYMS }), wobble);
  const frame = new FrameReader("restate", { before: "Note: ", after: " So," }, provider.tokenizer, "here");
  const continuations = [provider.tokenizer.encode(" sea town"), provider.tokenizer.encode(" farm work rest")];
  const request = { item, frame, positions: "natural", conditions: CONDITIONS, continuations, controls: 1 } as const;
  const conditions = await readItem(request, provider);
  const mean = (conditions.get("original") as ConditionReading).states.map((state) => new Float32Array(state.length));
  const corpus = { mean, geometry: new Map(), embeddingMean: null };
  const reading = { item, conditions, ...corpus, hasDecoy: true, bands: bandsOf([[0.25, 0.5]], 4) };
  const records = Object.fromEntries([...conditions].map(([name, one]) => [name, evaluate(MEASURES, one, reading)]));
  const { differences, identity } = await measureNoise(request, reading, records, MEASURES, provider);
  const find = (measure: string, layer = "") =>
    differences.find((one) => one.measure === measure && one.layer === layer)?.difference;
  return { find, identity, differences };
}

test("nothing moves: every difference is 0", async () => {
  const { differences, identity } = await noiseOf(() => 0);
  expect(differences.length).toBeGreaterThan(10);
  expect(new Set(differences.map(({ measure, layer }) => `${measure} ${layer}`)).size).toBe(differences.length);
  expect(differences.filter(({ difference }) => difference !== 0)).toEqual([]);
  expect(identity.values.find(({ measure }) => measure === "kl")?.value).toEqual({ kind: "defined", value: 0 });
});

test("alone against in the batch: the largest difference is kept", async () => {
  // 2 and 3 tokens a continuation: 2.5 on average.
  const { find, identity } = await noiseOf((call) => (call === 0 ? 0 : 0.001));
  expect(find("kl")).toBeCloseTo(0.0025, 10);
  expect(find("kl.per-token")).toBeCloseTo(0.001, 10);
  expect(find("state.cosine", "25-50%")).toBeGreaterThan(0);
  expect(find("fact")).toBe(0);
  const explained = identity.values.find(({ measure }) => measure === "state.explained")?.value;
  expect(explained).toMatchObject({ kind: "defined" });
  expect(explained, "held against the original in its batch").not.toEqual({ kind: "defined", value: 1 });
});

test("run against repeat", async () => {
  const { find } = await noiseOf((call) => (call === 2 ? 0.004 : 0));
  expect(find("kl")).toBeCloseTo(0.01, 10);
});

const scalar = (name: string, of: ScalarMeasure["of"]) => ({ kind: "scalar", name, of }) as ScalarMeasure;
const reading = (kl: readonly number[], reverse: readonly (readonly number[])[] | null = null) =>
  ({
    name: "one",
    reverse,
    continuations: kl.map((value) => ({ kl: [value, 1] })),
    continued: kl.map((value) => [value]),
  }) as unknown as ConditionReading;

test("Monte Carlo: the standard error of a mean over continuations", () => {
  const original = { ...reading([10, 20, 30, 40]), name: "original" };
  const item = { conditions: new Map([["original", original]]) } as unknown as ItemReading;
  const first = (condition: ConditionReading | null | undefined) => condition?.continuations[0]?.kl[0] ?? 0;
  const measures = [
    scalar("own", (condition) => defined(first(condition))),
    scalar("against", (condition, { conditions }) => defined(first(conditions.get("original")) - first(condition))),
    scalar("reverse", ({ reverse }) => defined(reverse?.[0]?.[0] ?? 0)),
    scalar("scored", ({ continued }) => defined(logProbs(continued[0])[0] ?? 0)),
    scalar("constant", () => defined(3)),
    scalar("sometimes", (condition) => (first(condition) > 2 ? defined(1) : undefinedBecause("too small"))),
  ];
  const errors = monteCarloErrors(measures, reading([1, 2, 4, 5]), item);
  // Sample standard deviations of 1, 2, 4, 5 and of 9, 18, 26, 35, each over √4.
  expect(errors.get("own")).toBeCloseTo(Math.sqrt(10 / 3) / 2, 12);
  expect(errors.get("against")).toBeCloseTo(Math.sqrt((13 ** 2 + 4 ** 2 + 4 ** 2 + 13 ** 2) / 3) / 2, 12);
  expect(errors.get("scored")).toBe(errors.get("own"));
  expect(errors.get("constant")).toBe(0);
  expect(errors.has("sometimes")).toBe(false);
  const reversed = monteCarloErrors(measures, reading([1, 2], [[3], [7]]), item);
  expect(reversed.get("reverse")).toBeCloseTo(2, 12);
  expect(monteCarloErrors(measures, reading([1]), item).size).toBe(0);
});
