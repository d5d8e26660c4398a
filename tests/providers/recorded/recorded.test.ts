/** What was recorded is said again, to the byte; what was not is refused; and nothing else gets into a recording. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../../harness/run.ts";
import type { Provider } from "../../../providers/contract.ts";
import { openProvider } from "../../../providers/openProvider.ts";
import { RecordedProvider } from "../../../providers/recorded/RecordedProvider.ts";
import { RecordingProvider } from "../../../providers/recorded/RecordingProvider.ts";
import { readValue, writeValue } from "../../../providers/recorded/recording.ts";
import { ScriptedProvider } from "../../harness/ScriptedProvider.ts";
import { CORPUS, SYNONYMS, scriptedSuite } from "../../harness/scriptedSuite.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-recorded-"));
afterAll(() => rmSync(root, { recursive: true }));
const recording = join(root, "recording");
const ran = (name: string, open: () => Promise<Provider>) =>
  run({
    suite: scriptedSuite({ measures: ["default", "embedding.cosine", "kl.reverse"] }, 6),
    openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
    models: [{ reference: "scripted", open }],
    corpus: CORPUS,
    folder: join(root, name),
    answers: null,
    version: "0.0.0",
    environment: {},
    progress: () => {},
  });
const journal = (name: string) => readFileSync(join(root, name, "journal.jsonl"), "utf8");

beforeAll(async () => {
  await ran("first", async () => new RecordingProvider(new ScriptedProvider({ synonyms: SYNONYMS }), recording));
});

test("a run on the recording is the run that was recorded, byte for byte", async () => {
  await ran("again", () => openProvider(`recorded:${recording}`, { weights: "auto", purpose: "batch" }));
  expect(journal("again")).toBe(journal("first"));
  expect(journal("again").length).toBeGreaterThan(1000);
});

test("what was not asked then has no answer now", async () => {
  const provider = new RecordedProvider(recording);
  expect(() => provider.tokenizer.encode("never asked")).toThrow(expect.objectContaining({ code: "not-recorded" }));
  await expect(provider.embed(["never asked"])).rejects.toMatchObject({ code: "not-recorded" });
  const request = { prompts: [], samples: 1, maxTokens: 1, temperature: 0 };
  await expect(provider.sample(request)).rejects.toThrow("no answer for this sample request");
});

test("missing and damaged recordings say so; a folder in use is not written over", () => {
  expect(() => new RecordedProvider(join(root, "nowhere"))).toThrow(
    expect.objectContaining({ code: "recording-missing" }),
  );
  const damaged = join(root, "damaged");
  const provider = new ScriptedProvider({});
  new RecordingProvider(provider, damaged);
  expect(() => new RecordedProvider(damaged), "never closed").toThrow(/tokenizer\.json is not there/);
  writeFileSync(join(damaged, "provider.json"), "{");
  expect(() => new RecordedProvider(damaged)).toThrow(expect.objectContaining({ code: "recording-malformed" }));
  expect(() => new RecordingProvider(provider, recording)).toThrow(
    expect.objectContaining({ code: "recording-exists" }),
  );
});

test("numbers keep their bits, and half-written files do not stay", () => {
  const values = { a: [Float32Array.of(0.1, -0, Number.NaN, 1e-45)], b: { c: [1, null, "x"] } };
  const read = readValue(writeValue(values)) as typeof values;
  expect([...new Uint32Array((read.a[0] as Float32Array).buffer)]).toEqual([
    ...new Uint32Array((values.a[0] as Float32Array).buffer),
  ]);
  expect(read.b).toEqual(values.b);
  expect(readdirSync(join(recording, "answers")).filter((name) => !/^[0-9a-f]{64}\.json$/.test(name))).toEqual([]);
});
