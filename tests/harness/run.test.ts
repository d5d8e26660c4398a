/** The main path, end to end, on a provider without a model. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../errors.ts";
import { type Analysis, analyze } from "../../harness/analysis/analyze.ts";
import { selectMeasures } from "../../harness/measures.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { run } from "../../harness/run.ts";
import { numberOf } from "../../harness/Value.ts";
import type { Suite } from "../../suites/Suite.ts";
import { type ScriptedOptions, ScriptedProvider } from "./ScriptedProvider.ts";
import { CORPUS, SYNONYMS, scriptedItems, scriptedSuite } from "./scriptedSuite.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-run-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Settings {
  readonly providers?: readonly ScriptedOptions[];
  readonly answers?: string;
  readonly environment?: Record<string, string>;
  readonly keepStates?: "all";
}

let folders = 0;
async function ran(suite: Suite, { providers = [{}], answers, environment = {}, keepStates }: Settings = {}) {
  const folder = join(root, String(folders++));
  const opened: ScriptedProvider[] = [];
  const open = (options: ScriptedOptions) => async () => {
    const provider = new ScriptedProvider({ synonyms: SYNONYMS, ...options });
    opened.push(provider);
    return provider;
  };
  const models = providers.map((options) => ({ reference: options.reference ?? "scripted", open: open(options) }));
  const result = run({
    suite,
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    models,
    corpus: CORPUS,
    folder,
    ...(keepStates && { keepStates }),
    answers: answers ?? null,
    version: "0.0.0",
    environment,
    progress: () => {},
  });
  return { record: await result.catch((error: unknown) => error), folder, opened };
}

const journal = (folder: string) => readFileSync(join(folder, "journal.jsonl"), "utf8");
const answers = join(root, "answers");
const suite = scriptedSuite({
  // At 0.025, 24 items are too few for three verdicts after Holm's correction: the tail decides.
  statistics: { alpha: 0.1, seed: 1 },
  gates: [
    { candidate: "no-articles", require: "equivalent" },
    { candidate: "other", require: "different" },
  ],
});
let record: RunRecord;
let folder: string;
let analysis: Analysis;

beforeAll(async () => {
  const first = await ran(suite, { answers });
  record = first.record as RunRecord;
  folder = first.folder;
  analysis = analyze(record);
  expect(first.opened.every(({ closed }) => closed)).toBe(true);
});

describe("one frame, one model", () => {
  test("the record is complete: every item, condition and measure has a value or a reason", () => {
    expect(record.batches.map(({ item }) => item)).toEqual(suite.items.map(({ id }) => id));
    const [model] = record.manifest.models;
    const names = (model?.conditions ?? []).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "original",
        "paraphrase-near",
        "mismatch-2",
        "decoy",
        "same",
        "swapped:other",
        "overlap-matched:no-articles",
      ]),
    );
    const bands = model?.bands.length ?? 0;
    expect(model?.headlineBand).toBe("50-75%");
    // Nothing has to stand in for what a provider of full logits and states does not show.
    const expected = selectMeasures("default", "")
      .filter(({ standsInFor }) => standsInFor === undefined)
      .reduce((sum, { kind }) => sum + (kind === "scalar" ? 1 : bands), 0);
    for (const batch of record.batches) {
      const present = Object.keys(batch.conditions);
      expect([...present, ...Object.keys(batch.missing)].filter((name) => name !== "identity").sort()).toEqual(
        names.filter((name) => name !== "identity").sort(),
      );
      for (const [name, { values }] of Object.entries(batch.conditions)) {
        if (name !== "identity") expect(values).toHaveLength(expected);
        for (const { value } of values) {
          if (value.kind === "undefined") expect(value.reason).not.toBe("");
          else expect(Number.isFinite(value.value)).toBe(true);
        }
      }
    }
    expect(record.batches.every(({ missing }) => Object.keys(missing).length === 0)).toBe(true);
  });

  test("three items are read again, and nothing moved", () => {
    const again = record.batches.filter(({ noise }) => noise !== null);
    expect(again.map(({ item }) => item)).toEqual(["item-0", "item-8", "item-16"]);
    for (const { noise, conditions } of again) {
      expect(noise?.length).toBeGreaterThan(10);
      expect(noise?.every(({ difference }) => difference === 0)).toBe(true);
      expect(numberOf(conditions.identity?.values.find(({ measure }) => measure === "kl")?.value)).toBe(0);
    }
  });

  test("a second run gives the same journal, byte for byte, with and without what the first one kept", async () => {
    const without = await ran(suite, { environment: { host: "another" } });
    expect(journal(without.folder)).toBe(journal(folder));
    let rows = 0;
    const count = (read: number) => {
      rows += read;
    };
    const kept = await ran(suite, { answers, providers: [{ onRead: count }] });
    expect(journal(kept.folder)).toBe(journal(folder));
    expect(rows, "nothing is read twice").toBe(0);
    const { environment: _one, ...manifest } = record.manifest;
    const { environment: other, ...again } = (without.record as RunRecord).manifest;
    expect(again).toEqual(manifest);
    expect(other).toEqual({ host: "another" });
  });

  test("what an earlier run kept changes no value of a run that differs in a codec, or in its items", async () => {
    const codec = { ...suite.candidates, "no-articles": { codec: "drop-words", parameters: { list: "stop-words" } } };
    // Fewer items of a topic: the same originals, held against others.
    for (const other of [scriptedSuite({ candidates: codec }), scriptedSuite({ items: suite.items.slice(0, 21) })]) {
      const alone = await ran(other);
      const kept = await ran(other, { answers });
      expect(journal(kept.folder)).toBe(journal(alone.folder));
    }
  });

  test("another seed gives other continuations and controls", async () => {
    const other = await ran(scriptedSuite({ continuations: { ...suite.continuations, seed: 2 } }));
    expect(journal(other.folder)).not.toBe(journal(folder));
  });

  test("the verdicts are what the made-up sentences deserve", () => {
    const [model] = analysis.models;
    expect(model?.instrument.map(({ measure, holds, reasons }) => [measure, holds, reasons])).toEqual([
      ["kl", true, []],
      ["state.explained", true, []],
      ["fact", true, []],
    ]);
    expect(model?.candidates.map(({ condition, verdict }) => [condition, verdict])).toEqual([
      ["same", "equivalent"],
      ["no-articles", "equivalent"],
      ["other", "different"],
    ]);
    expect(model?.foils.find(({ condition }) => condition === "decoy")?.verdict).toBe("near-copy, fact lost");
    expect(model?.passedFoils).toEqual([]);
    expect(analysis.gates.map(({ holds }) => holds)).toEqual([true, true]);
    expect(analysis.exit).toBe(EXIT.ok);
  });

  test("identity scores 1 on its own scale and at least the ceiling's 1; another item's text scores near 0", () => {
    const cell = (condition: string, measure: string, layer = "") =>
      analysis.models[0]?.cells.find(
        (one) => one.condition === condition && one.measure === measure && one.layer === layer,
      );
    for (const [measure, layer] of [
      ["kl", ""],
      ["state.explained", "50-75%"],
      ["state.cosine", "25-50%"],
    ] as const) {
      expect(cell("same", measure, layer)?.identityScore).toBeCloseTo(1, 12);
      expect(cell("same", measure, layer)?.score?.value).toBeGreaterThan(1);
      expect(Math.abs(cell("other", measure, layer)?.score?.value ?? 9)).toBeLessThan(0.3);
      expect(cell("paraphrase", measure, layer)?.score?.value).toBeCloseTo(1, 12);
    }
    expect(cell("same", "kl")?.estimate).toEqual({ value: 0, low: 0, high: 0 });
    expect(cell("same", "recovered-information")?.estimate?.value).toBe(1);
    expect(cell("same", "state.identification", "50-75%")?.estimate?.value).toBe(1);
    expect(cell("swapped:same", "state.identification", "50-75%")?.estimate?.value).toBe(0);
    expect(cell("same", "tokens.ratio")?.estimate?.value).toBe(1);
    expect(cell("no-articles", "tokens.ratio")?.estimate?.value).toBeGreaterThan(1);
    expect(cell("empty", "state.pooled-cosine")).toBeUndefined();
  });

  test("a record without its last batches decides nothing", () => {
    const part = analyze({ ...record, batches: record.batches.slice(0, 23) });
    expect(part.models[0]?.candidates.map(({ verdict, reasons }) => [verdict, reasons])).toEqual(
      ["same", "no-articles", "other"].map(() => [
        "inconclusive",
        ["the record is incomplete: 1 of 24 batches are missing"],
      ]),
    );
    expect(part.exit).toBe(EXIT.incomplete);
    expect(analyze({ ...record, batches: [] }).exit).toBe(EXIT.incomplete);
  });
});

test("several frames, both position policies, two models", async () => {
  const frames = {
    restate: { before: "Note: ", after: "\n\nIn other words," },
    question: { before: "Note: ", after: "\n\nQuestion: {question}\nAnswer:" },
    chat: { template: true, user: "Read this note: {context}\nWhat does it say?" },
  } as const;
  const wide = scriptedSuite({
    frames,
    positions: "both",
    continuations: { samples: 2, controls: 1, tokens: 6, seed: 1 },
    candidates: { "no-articles": { codec: "drop-words", parameters: { list: "articles" } } },
  });
  const both = await ran(wide, { providers: [{ reference: "one" }, { reference: "two" }] });
  const { batches, manifest } = both.record as RunRecord;
  expect(batches).toHaveLength(2 * 3 * 2 * 24);
  expect(
    new Set(batches.map(({ model, frame, positions, item }) => `${model} ${frame} ${positions} ${item}`)).size,
  ).toBe(batches.length);
  expect(readdirSync(join(both.folder, "states")).length).toBeGreaterThan(0);
  expect(manifest.models[0]?.frames.chat).toEqual({
    before: "<|user|>Read this note: ",
    after: "\nWhat does it say?<|end|><|assistant|>",
  });
  const { models } = analyze(both.record as RunRecord);
  const six = ["restate", "restate@matched", "question", "question@matched", "chat", "chat@matched"];
  for (const { candidates, cells, instrument } of models) {
    // The provider does not look at positions: matched ones decide just where the controls hold under natural ones.
    const failing = new Set(
      instrument.flatMap(({ measure, holds, frame }) => (measure === "fact" || holds ? [] : [frame])),
    );
    const deciding = six.filter((frame) => !frame.endsWith("@matched") || !failing.has(frame));
    expect(candidates[0]?.frames.map(({ frame }) => frame)).toEqual(deciding);
    expect(candidates[0]?.warnings.join()).toBe(
      deciding.length === 6
        ? ""
        : `decides nothing, since the controls fail there: ${six.filter((frame) => !deciding.includes(frame)).join(", ")}`,
    );
    expect(new Set(cells.map(({ frame }) => frame))).toEqual(new Set([...six, "all"]));
  }
  expect(models[0]?.candidates[0]?.adjusted).toBeCloseTo(2 * (models[0]?.candidates[0]?.p ?? 0), 15);
}, 120_000);

test("a provider that shows no prompt logits: unobservable, and exit 3 where a gate asks", async () => {
  const blind = await ran(scriptedSuite({ gates: [{ candidate: "other", require: "different" }] }), {
    providers: [{ capabilities: { promptLogits: "none" } }],
  });
  const result = analyze(blind.record as RunRecord);
  expect(result.models[0]?.candidates.map(({ verdict }) => verdict)).toEqual([
    "unobservable",
    "unobservable",
    "unobservable",
  ]);
  expect(result.models[0]?.candidates[0]?.reasons[0]).toMatch(/kl: the provider does not show full logits/);
  expect(result.models[0]?.cells.some(({ measure }) => measure === "kl")).toBe(false);
  expect(result.models[0]?.cells.some(({ measure }) => measure === "state.explained")).toBe(true);
  expect(result.exit).toBe(EXIT.instrument);
});

test("items without decoy, question or second paraphrase cost values, with a reason", async () => {
  const items = scriptedItems(24).map((item, i) =>
    i < 3 ? { ...item, decoy: null, questions: [], paraphrases: item.paraphrases.slice(0, i) } : item,
  );
  const { batches } = (await ran(scriptedSuite({ items }))).record as RunRecord;
  expect(batches[0]?.missing).toEqual({
    "paraphrase-near": "the item has 0 paraphrases",
    "paraphrase-far": "the item has 0 paraphrases",
    decoy: "the item has no decoy",
    "decoy-paraphrase": "the item's decoy has no paraphrase",
  });
  const value = (measure: string, layer = "") =>
    batches[0]?.conditions.same?.values.find((one) => one.measure === measure && one.layer === layer)?.value;
  expect(value("fact")).toEqual({ kind: "undefined", reason: "the item has no decoy" });
  expect(value("state.fact", "50-75%")).toEqual({ kind: "undefined", reason: "the item has no decoy" });
  expect(value("state.identification.pair", "50-75%")).toEqual({ kind: "undefined", reason: "the item has no decoy" });
  expect(value("kl")).toEqual({ kind: "defined", value: 0 });
});

test("text that is too long names its item, and no half-made folder stays", async () => {
  const items = scriptedItems(24).map((item, i) => (i === 5 ? { ...item, original: "far ".repeat(500) } : item));
  const {
    record: error,
    folder: gone,
    opened,
  } = await ran(scriptedSuite({ items, continuations: { ...suite.continuations, samples: 1, controls: 1 } }));
  expect(error).toMatchObject({
    code: "input-too-long",
    where: "items (item-5)",
    message: expect.stringMatching(/item-5.* \d+ tokens/),
  });
  expect(opened[0]?.closed).toBe(true);
  expect(existsSync(gone)).toBe(false);
});

test("the record holds what stood in the context, and the states that were asked for", async () => {
  const small = scriptedSuite({ items: scriptedItems(4) });
  const plain = await ran(small);
  const { conditions } = (plain.record as RunRecord).manifest.models[0] ?? { conditions: [] };
  const textsOf = (name: string) => conditions.find((one) => one.name === name)?.texts;
  expect(textsOf("same")).toEqual(small.items.map(({ original }) => original));
  expect(textsOf("decoy")).toEqual(small.items.map(({ decoy }) => decoy?.text ?? null));
  expect(textsOf("empty")).toBeUndefined();
  const all = await ran(small, { keepStates: "all" });
  const tensors = ({ folder }: { folder: string }) => {
    const [file = ""] = readdirSync(join(folder, "states"));
    const bytes = readFileSync(join(folder, "states", file));
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString()) as object;
    return Object.keys(header).filter((name) => name !== "__metadata__");
  };
  expect(tensors(plain)).toEqual(["original", "decoy"]);
  expect(tensors(all)).toEqual(
    conditions.filter(({ name }) => name !== "identity" && tensors(all).includes(name)).map(({ name }) => name),
  );
  expect(tensors(all)).toEqual(expect.arrayContaining(["original", "decoy", "same", "empty", "paraphrase-near"]));
});
