/** Measures that cost time: left out unless a suite names them; what is read for them, and what comes of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tokensOf } from "../../../harness/buildReadRequest.ts";
import { FrameReader } from "../../../harness/FrameReader.ts";
import type { ConditionText, ItemRequest } from "../../../harness/ItemRequest.ts";
import { extrasOf, MEASURES, selectMeasures } from "../../../harness/measures.ts";
import type { ConditionReading, Extra } from "../../../harness/Reading.ts";
import { readItem } from "../../../harness/readItem.ts";
import { run } from "../../../harness/run.ts";
import { numberOf } from "../../../harness/Value.ts";
import type { Capabilities, ReadRequest, ReadResult } from "../../../providers/contract.ts";
import type { Item } from "../../../suites/Suite.ts";
import { logProbs } from "../../providers/logProbs.ts";
import { ScriptedProvider } from "../ScriptedProvider.ts";
import { CORPUS, SYNONYMS, scriptedItems, scriptedSuite } from "../scriptedSuite.ts";

const ON_REQUEST = ["kl.reverse", "j", "js", "fact.bits", "attention.js", "attention.output"];

const NOTHING: Capabilities = {
  hiddenStates: "none",
  attention: false,
  promptLogits: "none",
  scores: false,
  generation: false,
  embeddings: false,
  tokenIdsIn: false,
};

describe("the choice of measures", () => {
  test("by default all but those that are asked for by name; `default` in a list stands for them", () => {
    const byDefault = selectMeasures("default", "").map(({ name }) => name);
    expect(MEASURES.map(({ name }) => name).filter((name) => !byDefault.includes(name))).toEqual(
      expect.arrayContaining(ON_REQUEST),
    );
    expect(selectMeasures(["default"], "").map(({ name }) => name)).toEqual(byDefault);
    expect(selectMeasures(["js", "default"], "").map(({ name }) => name)).toEqual(
      MEASURES.map(({ name }) => name).filter((name) => name === "js" || byDefault.includes(name)),
    );
    const standIns = MEASURES.filter(({ standsInFor }) => standsInFor !== undefined).map(({ name }) => name);
    expect(standIns.sort()).toEqual(["embedding.cosine", "kl-topk", "kl.sampled"]);
    expect(extrasOf(selectMeasures("default", "").filter(({ name }) => !standIns.includes(name)))).toEqual(new Set());
    expect(() => selectMeasures(["kl.revers"], "here")).toThrow("did you mean kl.reverse?");
  });

  test("every measure says what it is, and names are not given twice", () => {
    expect(new Set(MEASURES.map(({ name }) => name)).size).toBe(MEASURES.length);
    for (const { definition, unit, range, reference, needed, needs } of MEASURES) {
      for (const text of [definition, unit, reference]) expect(text).not.toBe("");
      // What needs nothing is never missing.
      expect(needed !== "" || needs(NOTHING)).toBe(true);
      expect(range[0]).toBeLessThan(range[1]);
    }
  });
});

class SpyProvider extends ScriptedProvider {
  readonly requests: ReadRequest[] = [];
  override read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    this.requests.push(request);
    return super.read(request, signal);
  }
}

const item = scriptedItems(1)[0] as Item;
const CONDITIONS: ConditionText[] = [
  { name: "original", role: "reference", text: item.original },
  { name: "paraphrase-near", role: "ceiling", text: item.paraphrases[0] as string },
  { name: "empty", role: "floor", text: "" },
  { name: "filler", role: "floor", text: "It is here to fill some space." },
  { name: "decoy", role: "foil", text: item.decoy?.text as string },
  { name: "decoy-paraphrase", role: "control", text: item.decoy?.paraphrase as string },
  { name: "code", role: "candidate", text: "green boxes" },
];

async function read(extras: readonly Extra[], parts: Partial<ItemRequest> = {}) {
  const provider = new SpyProvider({ synonyms: SYNONYMS, capabilities: { attention: true, embeddings: true } });
  const frame = new FrameReader("frame", { before: "Note: ", after: " So," }, provider.tokenizer, "here");
  const sampled: [string, number][] = [];
  const request: ItemRequest = {
    item,
    frame,
    positions: "natural",
    conditions: CONDITIONS,
    continuations: [" sea town rest", " farm work road"].map((one) => provider.tokenizer.encode(one)),
    controls: 1,
    extras: new Set(extras),
    sampleFrom: async (conditions, counts) => {
      for (const [i, { name }] of conditions.entries()) sampled.push([name, counts[i] as number]);
      return conditions.map(({ name }, i) =>
        Array.from({ length: counts[i] as number }, (_, m) =>
          provider.tokenizer.encode(name === "code" && m === 1 ? " rope" : " news sea rest"),
        ),
      );
    },
    ...parts,
  };
  const readings = await readItem(request, provider);
  return { readings, request, provider, sampled, sent: provider.requests[0] as ReadRequest };
}
const own = (readings: ReadonlyMap<string, ConditionReading>, name: string) => readings.get(name) as ConditionReading;

describe("what is read for them", () => {
  test("nothing, where nothing asks for it", async () => {
    const { readings, sent, sampled } = await read([]);
    expect(sampled).toEqual([]);
    expect(sent.jensenShannon).toBe(false);
    for (const { reverse, paraphrase, decoyParaphrase, embedding, continuations } of readings.values()) {
      expect([reverse, paraphrase, decoyParaphrase, embedding]).toEqual([null, null, null, null]);
      for (const { js } of continuations) expect(js).toBeNull();
    }
  });

  test("each condition says something itself, and the original is read along it", async () => {
    const { readings, sampled, provider, sent } = await read(["reverse"]);
    // As many as of the original's continuations.
    expect(sampled).toEqual([
      ["paraphrase-near", 2],
      ["empty", 1],
      ["filler", 1],
      ["decoy", 1],
      ["code", 2],
    ]);
    expect(own(readings, "original").reverse).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(own(readings, "decoy-paraphrase").reverse).toBeNull();
    expect(own(readings, "code").reverse?.map((values) => values.length)).toEqual([3, 1]);
    // The same divergence by hand: code first, so it is the reference.
    const before = provider.tokenizer.encode("<|begin|>Note: ", { special: true });
    const rowOf = (text: string, said: string) => [
      { ids: before, parent: null },
      { ids: provider.tokenizer.encode(text), parent: 0 },
      { ids: provider.tokenizer.encode(" So,"), parent: 1 },
      { ids: provider.tokenizer.encode(said), parent: 2 },
    ];
    const last = (row: number) => ({ row, segment: 3 });
    const byHand = async (text: string, said: string) => {
      const rows = [rowOf(text, said), rowOf(item.original, said)];
      const { comparisons } = await provider.read({
        rows,
        states: [],
        pools: [],
        scores: [],
        comparisons: [[last(0), last(1)]],
      });
      return comparisons[0]?.kl.map((row) => row[1]);
    };
    expect(own(readings, "code").reverse).toEqual([
      await byHand("green boxes", " news sea rest"),
      await byHand("green boxes", " rope"),
    ]);
    expect(own(readings, "empty").reverse).toEqual([await byHand("", " news sea rest")]);
    expect(
      own(readings, "code")
        .reverse?.flat()
        .every((value) => value > 0),
    ).toBe(true);
    expect(sent.states, "states are of the conditions alone").toHaveLength(CONDITIONS.length);
    expect(sent.rows).toHaveLength(CONDITIONS.length + 5);
  });

  test("not under matched positions, where what a condition says was not sampled", async () => {
    const { readings, sampled } = await read(["reverse"], { positions: "matched" });
    expect(sampled).toEqual([]);
    expect([...readings.values()].every(({ reverse }) => reverse === null)).toBe(true);
  });

  test("the plan counts what is read, own continuations at their longest", async () => {
    const sizes = await Promise.all(
      ([[], ["reverse"], ["paraphrases"]] as Extra[][]).map(async (extras) => {
        const { request, sent } = await read(extras);
        return { planned: tokensOf(request), sent: sent.rows.flat().reduce((sum, { ids }) => sum + ids.length, 0) };
      }),
    );
    expect(sizes[0]?.planned).toBe(sizes[0]?.sent);
    // One continuation is shorter than the longest, under the code and under the original.
    expect(sizes[1]?.planned).toBe((sizes[1]?.sent as number) + 4);
    expect(sizes[2]?.planned).toBe(sizes[2]?.sent);
  });

  test("the paraphrase and the decoy's are said after each condition that is asked for the fact", async () => {
    const { readings } = await read(["paraphrases"]);
    const told = [...readings].filter(([, { paraphrase }]) => paraphrase !== null).map(([name]) => name);
    expect(told).toEqual(["original", "paraphrase-near", "filler", "decoy", "decoy-paraphrase", "code"]);
    const { decoyParaphrase, paraphrase } = own(readings, "code");
    expect([paraphrase, decoyParaphrase].map((one) => logProbs(one).length)).toEqual(
      [item.paraphrases[0], item.decoy?.paraphrase].map((text) => (text as string).split(" ").length),
    );
    const silent = await read(["paraphrases"], { item: { ...item, decoy: { text: "x" } } });
    expect([...silent.readings.values()].every((one) => one.paraphrase === null)).toBe(true);
  });

  test("embeddings of all texts but the empty one, each once", async () => {
    const { readings, provider } = await read(["embedding"]);
    expect(own(readings, "empty").embedding).toBeNull();
    expect(own(readings, "code").embedding).toEqual((await provider.embed(["green boxes"]))[0]);
  });

  test("Jensen–Shannon is symmetric in what is compared", async () => {
    const { readings, provider, sent } = await read(["jensen-shannon"]);
    const swapped = await provider.read({ ...sent, comparisons: sent.comparisons.map((refs) => refs.toReversed()) });
    const code = own(readings, "code").continuations.map(({ js }) => js);
    expect(code.flat().every((value) => value !== null && value > 0 && value < Math.LN2)).toBe(true);
    // The last column is the code; the other way round it is the reference, and the original comes last.
    swapped.comparisons.forEach(({ js }, m) => {
      const back = js?.map((row) => row.at(-1) as number) ?? [];
      for (const [t, value] of back.entries()) expect(value).toBeCloseTo(code[m]?.[t] ?? Number.NaN, 12);
    });
    expect(own(readings, "original").continuations.flatMap(({ js }) => js)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("attention of each condition's frame, and each gets its own", async () => {
    class Attentive extends SpyProvider {
      override async read(request: ReadRequest): Promise<ReadResult> {
        const result = await super.read(request);
        const attention = request.attention?.map(({ row }) => ({
          heads: 1,
          tokens: 1,
          weights: [Float32Array.of(row)],
          context: [Float32Array.of(-row)],
        }));
        return attention ? { ...result, attention } : result;
      }
    }
    const provider = new Attentive({ capabilities: { attention: true } });
    const { request } = await read(["attention"]);
    const frame = new FrameReader("frame", { before: "Note: ", after: " So," }, provider.tokenizer, "here");
    const readings = await readItem({ ...request, frame, continuations: [] }, provider);
    const [sent] = provider.requests;
    expect(sent?.attention).toEqual(CONDITIONS.map((_, row) => ({ row, segment: 2, context: 1 })));
    expect([...readings.values()].map(({ attention }) => attention?.weights[0]?.[0])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const plain = await read([]);
    expect(plain.sent.attention).toBeUndefined();
  });

  test("a token is copied where the original has it, with or without the space before it", async () => {
    const words = item.original.split(" ");
    const { request, provider } = await read([]);
    const ids = provider.tokenizer.encode(` ${words[0]} sea ${words[2]}`);
    const readings = await readItem({ ...request, continuations: [ids] }, provider);
    expect(own(readings, "code").continuations[0]?.copied).toEqual([true, false, true]);
  });
});

const folder = mkdtempSync(join(tmpdir(), "isoglyph-request-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a run that asks for all of them", () => {
  const asked = scriptedSuite({ measures: ["default", ...ON_REQUEST, "embedding.cosine"] }, 8);
  const go = (name: string, provider: ScriptedProvider, suite = asked) =>
    run({
      suite,
      openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
      models: [{ reference: "scripted", open: async () => provider }],
      corpus: CORPUS,
      folder: join(folder, name),
      answers: join(folder, "answers"),
      version: "0",
      environment: {},
      progress: () => {},
    });

  test("has their values: the reverse of each, j their sum, everything perfect for the original", async () => {
    const record = await go("all", new ScriptedProvider({ synonyms: SYNONYMS, capabilities: { embeddings: true } }));
    const unseen = "the provider does not show attention";
    expect(record.manifest.models[0]?.unobservable).toEqual({ "attention.js": unseen, "attention.output": unseen });
    for (const { conditions } of record.batches) {
      const value = (condition: string, measure: string, layer = "") =>
        numberOf(conditions[condition]?.values.find((one) => one.measure === measure && one.layer === layer)?.value);
      for (const name of ["original", "same"]) {
        expect(value(name, "kl.reverse")).toBeCloseTo(0, 12);
        expect(value(name, "js")).toBeCloseTo(0, 12);
        expect(value(name, "embedding.cosine")).toBeCloseTo(1, 12);
        expect(value(name, "state.cosine.whitened", "50-75%")).toBeCloseTo(1, 12);
      }
      const [forward, reverse, both] = ["kl", "kl.reverse", "j"].map((name) => value("other", name) as number);
      expect(both).toBeCloseTo((forward as number) + (reverse as number), 12);
      expect(reverse).toBeGreaterThan(0);
      expect(value("original", "fact.bits")).toBeGreaterThan(value("decoy", "fact.bits") as number);
      expect(value("other", "kl.copied", "")).not.toBeNull();
    }
    // What was kept is what is read again.
    const again = await go("again", new ScriptedProvider({ synonyms: SYNONYMS, capabilities: { embeddings: true } }));
    expect(again.batches).toEqual(record.batches);
  });

  test("says what a provider cannot show", async () => {
    const record = await go("decoder", new ScriptedProvider({ synonyms: SYNONYMS }));
    expect(record.manifest.models[0]?.unobservable).toMatchObject({
      "embedding.cosine": "the provider does not show sentence embeddings",
    });
  });

  test("an embedding model that says nothing is measured by its states and embeddings", async () => {
    const capabilities = { embeddings: true, generation: false, promptLogits: "none" } as const;
    const record = await go("encoder", new ScriptedProvider({ synonyms: SYNONYMS, capabilities }));
    const [model] = record.manifest.models;
    expect(Object.keys(model?.unobservable ?? {})).toEqual(
      expect.arrayContaining(["kl", "kl.reverse", "j", "js", "fact", "fact.bits", "reconstruction.bits"]),
    );
    const values = record.batches.flatMap(({ conditions }) => conditions.other?.values ?? []);
    const measures = new Set(values.flatMap(({ measure, value }) => (value.kind === "defined" ? [measure] : [])));
    for (const name of ["embedding.cosine", "state.explained", "state.cosine.whitened", "overlap"]) {
      expect([...measures]).toContain(name);
    }
  });
});
