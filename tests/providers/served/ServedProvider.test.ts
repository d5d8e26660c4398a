/** A run on a server that takes text only: what it shows is measured, what it does not is said. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../../errors.ts";
import { type Analysis, analyze } from "../../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../../harness/RunRecord.ts";
import { run } from "../../../harness/run.ts";
import { numberOf } from "../../../harness/Value.ts";
import { characterTokenizer, parseInput } from "../../../providers/served/characterTokenizer.ts";
import { ServedProvider } from "../../../providers/served/ServedProvider.ts";
import { summary } from "../../../reports/summary.ts";
import { terminalTable } from "../../../reports/terminalTable.ts";
import { CORPUS, scriptedSuite } from "../../harness/scriptedSuite.ts";
import { LetterServer } from "./LetterServer.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-served-"));
afterAll(() => rmSync(root, { recursive: true }));

const suite = scriptedSuite({
  frames: {
    restate: { before: "Note: ", after: "\n\nIn other words," },
    chat: { template: true, user: "Read this note: {context}\nWhat does it say?" },
  },
  gates: [{ candidate: "same", require: "equivalent" }],
});
let folders = 0;
const ran = (server: LetterServer) =>
  run({
    suite,
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    models: [{ reference: server.identity.reference, open: async () => new ServedProvider(server) }],
    corpus: CORPUS,
    folder: join(root, String(folders++)),
    answers: null,
    version: "0.0.0",
    environment: {},
    progress: () => {},
  });

describe("a server that names five tokens, and embeds", () => {
  const server = new LetterServer();
  let record: RunRecord;
  let analysis: Analysis;
  beforeAll(async () => {
    record = await ran(server);
    analysis = analyze(record);
  });

  test("what it shows is measured for every item, condition and frame; nothing else", () => {
    const values = (condition: string, measure: string) =>
      record.batches.map((batch) =>
        numberOf(batch.conditions[condition]?.values.find((one) => one.measure === measure)?.value),
      );
    expect(values("same", "kl-topk")).toEqual(new Array(48).fill(0));
    expect(values("same", "embedding.cosine").every((value) => Math.abs((value as number) - 1) < 1e-6)).toBe(true);
    expect(values("other", "kl-topk").filter((value) => (value as number) > 0).length).toBeGreaterThan(40);
    const measured = new Set(
      record.batches.flatMap(({ conditions }) => conditions.same?.values.map(({ measure }) => measure)),
    );
    expect([...measured].sort()).toEqual(["embedding.cosine", "kl-topk", "overlap", "overlap.substring"]);
  });

  test("the verdict is unobservable, with what is missing, and a gate on it ends with 3", () => {
    const [model] = analysis.models;
    expect(model?.candidates.map(({ verdict }) => verdict)).toEqual(["unobservable", "unobservable", "unobservable"]);
    expect(model?.candidates[0]?.reasons.join()).toMatch(/kl: the provider does not show full logits of the prompt/);
    expect(Object.keys(model?.model.unobservable ?? {})).toEqual(
      expect.arrayContaining(["kl", "state.explained", "tokens.ratio"]),
    );
    expect(Object.keys(model?.model.unobservable ?? {})).not.toContain("kl-topk");
    expect(analysis.exit).toBe(EXIT.instrument);
    expect(analysis.models[0]?.cells.some(({ measure, score }) => measure === "kl-topk" && score !== null)).toBe(true);
    expect(terminalTable(record, analysis, { color: false, width: 80 })).toContain("unobservable");
    expect(summary(record, analysis)).toMatch(/does not show|unobservable|cannot/);
  });

  test("frames are sent as they are: text as text, a conversation as messages", () => {
    const [text] = server.asked.filter(({ input }) => "text" in input);
    expect(text?.input).toEqual({ text: `Note: ${suite.items[0]?.original}\n\nIn other words,` });
    const chat = server.asked.find(({ input }) => "messages" in input);
    expect(chat?.input).toEqual({
      messages: [{ role: "user", content: `Read this note: ${suite.items[0]?.original}\nWhat does it say?` }],
    });
    expect(server.asked.every(({ maxTokens, topLogProbs }) => maxTokens === 1 && topLogProbs === 5)).toBe(true);
    expect(server.embedded.slice(0, CORPUS.sentences.length)).toEqual(CORPUS.sentences);
  });
});

test("a server that shows neither: nothing can be measured but what needs no model", async () => {
  const record = await ran(new LetterServer(0, false));
  const unobservable: Readonly<Record<string, string>> = record.manifest.models[0]?.unobservable ?? {};
  expect(unobservable["kl-topk"]).toBe("the provider does not show the most likely next tokens");
  expect(unobservable["embedding.cosine"]).toBe("the provider does not show sentence embeddings");
});

test("what a server cannot show is refused by name", async () => {
  const provider = new ServedProvider(new LetterServer());
  const row = [{ ids: characterTokenizer.encode("x"), parent: null }];
  const nothing = { rows: [row], states: [], pools: [], scores: [], comparisons: [] };
  const ref = [{ row: 0, segment: 0 }];
  await expect(provider.read({ ...nothing, states: ref })).rejects.toMatchObject({ code: "capability-missing" });
  await expect(provider.read({ ...nothing, scores: ref })).rejects.toThrow(/log-probabilities of given tokens/);
  await expect(provider.read({ ...nothing, comparisons: [ref] })).rejects.toThrow(/next-token distributions/);
  const sample = {
    prompts: [{ ids: characterTokenizer.encode("x"), seed: 1 }],
    samples: 1,
    maxTokens: 1,
    temperature: 1,
  };
  await expect(provider.sample({ ...sample, topK: 5 })).rejects.toMatchObject({ code: "capability-missing" });
  await expect(provider.sample({ ...sample, topP: 0.5 })).rejects.toMatchObject({ code: "capability-missing" });
});

test("samples: answers as their characters, a conversation in the server's own template, one request without chance", async () => {
  const server = new LetterServer();
  const provider = new ServedProvider(server);
  const chat = characterTokenizer.chat?.([{ role: "user", content: "bbb" }]) ?? "";
  const prompts = ["aaaa c", chat].map((text, i) => ({
    ids: characterTokenizer.encode(text, { special: true }),
    seed: i,
  }));
  const greedy = await provider.sample({ prompts, samples: 2, maxTokens: 3, temperature: 0, stop: ["\n"] });
  expect(greedy.map((list) => list.map((ids) => characterTokenizer.decode(ids)))).toEqual([
    ["aaa", "aaa"],
    ["bbb", "bbb"],
  ]);
  expect(server.asked).toEqual([
    { input: { text: "aaaa c" }, maxTokens: 3, temperature: 0, stop: ["\n"] },
    { input: { messages: [{ role: "user", content: "bbb" }] }, maxTokens: 3, temperature: 0, stop: ["\n"] },
  ]);
  server.asked.length = 0;
  await provider.sample({ prompts, samples: 2, maxTokens: 3, temperature: 1 });
  const seeds = server.asked.map(({ seed }) => seed as number);
  expect(new Set(seeds).size).toBe(4);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
});

test("text survives as it is, conversations too, and reserved characters are refused", () => {
  for (const text of ["", "plain", "汉字 🎉 e\u0301", "a\nb\r\n\t"]) {
    expect(characterTokenizer.decode(characterTokenizer.encode(text))).toBe(text);
    expect(parseInput(text)).toEqual({ text });
  }
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "One\ntwo" },
  ] as const;
  expect(parseInput(characterTokenizer.chat?.(messages) ?? "")).toEqual({ messages });
  expect(() => characterTokenizer.encode("a\uFDD1b")).toThrow(expect.objectContaining({ code: "text-unencodable" }));
});
