/** Answers and restatements, from the prompt to the record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { generateTexts } from "../../harness/readAnswers.ts";
import { run } from "../../harness/run.ts";
import { numberOf } from "../../harness/Value.ts";
import { ServedProvider } from "../../providers/served/ServedProvider.ts";
import type { Suite } from "../../suites/Suite.ts";
import { LetterServer } from "../providers/served/LetterServer.ts";
import { SpeakingProvider } from "./SpeakingProvider.ts";
import { CORPUS, scriptedSuite } from "./scriptedSuite.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-answers-"));
afterAll(() => rmSync(root, { recursive: true }));

const NUMBER = /\b(three|seven|eleven|forty|ninety)\b/;
/** Says the number that stands before the question, and nothing more. */
const counts = (prompt: string, { stop }: { stop?: readonly string[] }) =>
  stop === undefined ? null : ` ${NUMBER.exec(prompt.split("Question:")[0] ?? "")?.[0] ?? ""}.\nQuestion:`;

let folders = 0;
async function ran(suite: Suite, provider: SpeakingProvider | ServedProvider, answers: string | null = null) {
  return run({
    suite,
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    models: [{ reference: provider.identity.reference, open: async () => provider }],
    corpus: CORPUS,
    folder: join(root, String(folders++)),
    answers,
    version: "0.0.0",
    environment: {},
    progress: () => {},
  });
}
const values = (record: RunRecord, condition: string, measure: string) =>
  record.batches.map(({ conditions }) =>
    numberOf(conditions[condition]?.values.find((one) => one.measure === measure)?.value),
  );
const every = (record: RunRecord, value: number) => record.batches.map(() => value);

describe("a model that finds the number in the context", () => {
  const provider = new SpeakingProvider({ say: counts });
  const suite = scriptedSuite({ measures: ["default", "answer"] });

  test("answers as the condition tells it, and the measures say so", async () => {
    const kept = join(root, "kept");
    const record = await ran(suite, provider, kept);
    expect(values(record, "original", "answer.exact")).toEqual(every(record, 1));
    expect(values(record, "paraphrase-far", "answer.agreement")).toEqual(every(record, 1));
    expect(values(record, "decoy", "answer.exact")).toEqual(every(record, 0));
    expect(values(record, "decoy", "answer.decoy")).toEqual(every(record, 1));
    expect(values(record, "empty", "answer.f1")).toEqual(every(record, 0));
    // Asked are the code, the ceilings, the decoy and one floor of each kind; others say why they have no value.
    const [batch] = record.batches;
    const asked = Object.entries(batch?.conditions ?? {}).filter(([, { answers }]) => answers !== undefined);
    expect(asked.map(([name]) => name).sort()).toEqual(
      [
        ...["original", "paraphrase-near", "paraphrase-far", "decoy", "mismatch-1", "empty", "identity"],
        ...["same", "no-articles", "other", "swapped:same", "swapped:no-articles", "swapped:other"],
      ].sort(),
    );
    const unasked = batch?.conditions["mismatch-2"]?.values.find(({ measure }) => measure === "answer.exact");
    expect(unasked?.value).toEqual({ kind: "undefined", reason: "the condition was not asked" });
    expect(batch?.conditions.same?.answers).toEqual([
      { question: "How many boxes?", gold: "three", decoyGold: "eleven", said: "three." },
    ]);
    // Texts alike are asked once an item: the original, the code that is the original, a code without an article.
    const prompts = provider.prompts.filter((prompt) => prompt.includes(suite.items[0]?.original ?? "?"));
    expect(prompts.length).toBeGreaterThan(0);
    expect(
      provider.requests.every(({ prompts: list }) => new Set(list.map(({ ids }) => ids.join())).size === list.length),
    ).toBe(true);
    expect(provider.requests.every(({ temperature, maxTokens }) => temperature === 0 && maxTokens === 32)).toBe(true);
    // A score needs floor and ceiling, which answers have.
    const cell = analyze(record).models[0]?.cells.find(
      (one) => one.condition === "other" && one.measure === "answer.agreement",
    );
    expect(cell?.score?.value).toBeLessThan(0.5);

    // A second run asks nothing, and has the same values.
    provider.prompts.length = 0;
    const again = await ran(suite, provider, kept);
    expect(provider.prompts).toEqual([]);
    expect(again.batches).toEqual(record.batches);
  });

  test("in its own frame: the question stands after the context, the frame's text does not", async () => {
    const own = new SpeakingProvider({ say: counts });
    await ran(scriptedSuite({ measures: ["answer.exact"] }, 1), own);
    expect(own.prompts[0]).toBe(`<|begin|>Note: ${suite.items[0]?.original}\n\nQuestion: How many boxes?\nAnswer:`);
  });

  test("under matched positions nothing is asked", async () => {
    const own = new SpeakingProvider({ say: counts });
    const record = await ran(scriptedSuite({ measures: ["answer.exact"], positions: "both" }, 2), own);
    const matched = record.batches.filter(({ positions }) => positions === "matched");
    expect(matched.length).toBe(2);
    for (const { conditions } of matched) expect(conditions.same?.answers).toBeUndefined();
  });
});

test("a server answers too, in words", async () => {
  const record = await ran(
    scriptedSuite({ measures: ["answer.exact", "answer.length"] }, 3),
    new ServedProvider(new LetterServer()),
  );
  expect(values(record, "same", "answer.length")).toEqual([1, 1, 1]);
  expect(record.batches[0]?.conditions.same?.answers?.[0]?.said).toMatch(/^([a-z])\1{31}$/);
  expect(record.manifest.models[0]?.unobservable).toEqual({});
});

test("a model that generates nothing shows no answers", async () => {
  const provider = new SpeakingProvider({ say: counts, capabilities: { generation: false } });
  const record = await ran(scriptedSuite({ measures: ["default", "answer.exact"] }, 2), provider);
  expect(record.manifest.models[0]?.unobservable["answer.exact"]).toBe("the provider does not show generated text");
});

test("a generated text ends where it was told to, without the end token", async () => {
  const provider = new SpeakingProvider({ say: (prompt) => (prompt === "one" ? " first line \nsecond" : "") });
  const ids = ["one", "two", "one"].map((text) => provider.tokenizer.encode(text));
  expect(await generateTexts(provider, ids, { maxTokens: 5, end: "\n" })).toEqual(["first line", "", "first line"]);
  expect(provider.prompts).toEqual(["one", "two"]);
});

describe("a code that knows the first question", () => {
  const items = scriptedSuite({}, 4).items.map((item) => ({
    ...item,
    questions: [...item.questions, { question: `Which city, asks ${item.id}?`, answer: "Oslo" }],
  }));
  const aware = { codec: "question-aware-drop", parameters: { keep: 0.5 } };

  test("is asked the second, and its condition says so in the manifest", async () => {
    const provider = new SpeakingProvider({ say: (_, { stop }) => (stop === undefined ? null : " Oslo") });
    const record = await ran(scriptedSuite({ items, candidates: { aware }, measures: ["answer"] }), provider);
    expect(provider.prompts.filter((prompt) => prompt.includes("How many"))).toEqual([]);
    expect(record.batches[0]?.conditions.aware?.answers).toEqual([
      { question: "Which city, asks item-0?", gold: "Oslo", decoyGold: null, said: "Oslo" },
    ]);
    const marked = record.manifest.models[0]?.conditions.filter(({ knowsQuestion }) => knowsQuestion);
    expect(marked?.map(({ name }) => name)).toEqual(["aware"]);
  });

  test("stands in no suite with one that does not", async () => {
    const blind = { codec: "identity", parameters: {} };
    const mixed = ran(
      scriptedSuite({ items, candidates: { blind, aware } }),
      new SpeakingProvider({ say: () => null }),
    );
    await expect(mixed).rejects.toMatchObject({ code: "candidates-mixed", where: "suite (candidates.aware)" });
  });
});
