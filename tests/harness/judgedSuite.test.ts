import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { plan, planText } from "../../harness/commands/plan.ts";
import { judgedSuite } from "../../harness/judgedSuite.ts";
import { run } from "../../harness/run.ts";
import type { ReadRequest, ReadResult } from "../../providers/contract.ts";
import type { Suite } from "../../suites/Suite.ts";
import { ScriptedProvider } from "./ScriptedProvider.ts";
import { CORPUS, SYNONYMS, scriptedItems, scriptedSuite } from "./scriptedSuite.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-judged-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Keeps what it read to compare conditions, apart from what it read for codes. */
class SpyProvider extends ScriptedProvider {
  readonly judged: string[] = [];
  readonly scored: string[] = [];

  override async read(request: ReadRequest): Promise<ReadResult> {
    const texts = request.rows.flatMap((row) => row.map(({ ids }) => this.tokenizer.decode(ids)));
    if (request.comparisons.length > 0) this.judged.push(...texts);
    else this.scored.push(...texts);
    return super.read(request);
  }
}

const items = scriptedItems(6).map((item) => ({
  ...item,
  questions: [...item.questions, { question: `Which city, asks ${item.id}?`, answer: "Oslo" }],
}));
const frames = { question: { before: "Note: ", after: "\n\nQuestion: {question}\nAnswer:" } };
const suiteOf = (codec: string) =>
  scriptedSuite({ items, frames, candidates: { code: { codec, parameters: { keep: 0.5 } } } });

async function read(suite: Suite, folder: string): Promise<SpyProvider> {
  const provider = new SpyProvider({ synonyms: SYNONYMS });
  await run({
    suite,
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    models: [{ reference: "scripted", open: async () => provider }],
    corpus: CORPUS,
    folder: join(root, folder),
    answers: null,
    version: "0.0.0",
    environment: {},
    progress: () => {},
  });
  return provider;
}

test("what a code has seen of the questions is asked under no condition", async () => {
  const { judged, scored } = await read(suiteOf("question-aware-drop"), "seen");
  expect(scored.some((text) => text.includes("How many"))).toBe(true);
  expect(judged.some((text) => text.includes("How many"))).toBe(false);
  for (const { id } of items) expect(judged.some((text) => text.includes(`asks ${id}?`))).toBe(true);
  const entries = readFileSync(join(root, "seen", "journal.jsonl"), "utf8");
  expect(entries).toContain('"code"');
});

test("without such a code the first question is asked, and the suite is the same", async () => {
  const suite = suiteOf("random-drop");
  expect(judgedSuite(suite)).toBe(suite);
  const { judged } = await read(suite, "unseen");
  expect(judged.some((text) => text.includes("How many"))).toBe(true);
});

test("a plan counts codes that ask the model by others of about their length, and says so", async () => {
  const planned = await plan(suiteOf("self-information-drop"), "smollm2-135m");
  const dropped = await plan(suiteOf("random-drop"), "smollm2-135m");
  expect([planned.estimated, dropped.estimated]).toEqual([["code"], []]);
  expect(planned.frames).toEqual(dropped.frames);
  expect(planText(suiteOf("self-information-drop"), [planned])).toContain("estimated: code (");
});
