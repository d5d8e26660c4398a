/** A server that scores given texts and shows its last states: what a run makes of it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mean, sum } from "simple-statistics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Analysis, analyze } from "../../../harness/analysis/analyze.ts";
import { keptStates } from "../../../harness/keptStates.ts";
import { missingBatches, type RunRecord } from "../../../harness/RunRecord.ts";
import { run } from "../../../harness/run.ts";
import { numberOf } from "../../../harness/Value.ts";
import { ServedProvider } from "../../../providers/served/ServedProvider.ts";
import { writeReports } from "../../../reports/writeReports.ts";
import { CORPUS, scriptedSuite } from "../../harness/scriptedSuite.ts";
import { LetterServer, likelihood } from "./LetterServer.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-scores-"));
afterAll(() => rmSync(root, { recursive: true }));
const frames = {
  restate: { before: "Note:\n", after: "\n\nIn other words," },
  joined: { before: "Note: ", after: "\n\nIn other wor" },
};
const suite = scriptedSuite({ frames, positions: "both", measures: ["default", "kl.sampled", "fact.bits"] });
const folder = join(root, "run");

describe("scores and final states", () => {
  let record: RunRecord;
  let analysis: Analysis;
  const server = new LetterServer(5, false, { scores: "all", finalStates: 26 });
  // Fewer tokens than the texts have characters, which are no tokens: the server has to say what is too long.
  server.identity.contextLength = 50;
  beforeAll(async () => {
    record = await run({
      ...{ suite, corpus: CORPUS, folder, answers: null, version: "0.0.0", environment: {}, progress: () => {} },
      openEmbedder: () => Promise.reject(new Error("no codec asks for one")),
      models: [{ reference: server.identity.reference, open: async () => new ServedProvider(server) }],
    });
    analysis = analyze(record);
  });

  const values = (item: string, condition: string) =>
    record.batches.find((one) => one.item === item && one.frame === "restate")?.conditions[condition]?.values ?? [];
  const value = (item: string, condition: string, measure: string, layer = "") =>
    numberOf(values(item, condition).find((one) => one.measure === measure && one.layer === layer)?.value);

  test("the fact is the log-odds that the server's own numbers give", () => {
    for (const item of suite.items.slice(0, 4)) {
      const [question] = item.questions;
      const before = `Note:\n${item.original}\n\nQuestion: ${question?.question}\nAnswer:`;
      const average = (answer = "") => {
        const said = ` ${answer}`;
        return mean([...said].map((letter, i) => likelihood(before + said.slice(0, i), letter)));
      };
      const expected = average(question?.answer) - average(question?.decoyAnswer);
      expect(value(item.id, "original", "fact")).toBeCloseTo(expected, 12);
    }
  });

  test("what the continuations lose is 0 after the original itself, and is what the numbers say after another text", () => {
    for (const { id } of suite.items) expect(value(id, "original", "kl.sampled")).toBe(0);
    const [item] = suite.items;
    const said = server.asked.filter(({ input, temperature }) => temperature === 1 && "text" in input);
    expect(said.length).toBeGreaterThan(0);
    expect(Math.abs(value(item?.id ?? "", "mismatch-1", "kl.sampled") ?? 0)).toBeGreaterThan(0);
    const differences = suite.items.map(({ id }) => value(id, "mismatch-1", "kl.sampled") as number);
    expect(sum(differences)).toBeGreaterThan(0);
  });

  test("a join that a token runs across has no number, and says why", () => {
    const joined = record.batches.filter(({ frame }) => frame === "joined");
    expect(joined).toHaveLength(suite.items.length);
    for (const { conditions } of joined) {
      const found = conditions.original?.values.find(({ measure }) => measure === "kl.sampled")?.value;
      expect(found).toEqual({ kind: "undefined", reason: "the word goes on" });
      // A question is asked in a text of its own, which ends with a colon.
      expect(conditions.original?.values.find(({ measure }) => measure === "fact")?.value.kind).toBe("defined");
    }
  });

  test("states stand in one band, the final one, without a curve; they are kept", () => {
    const [model] = record.manifest.models;
    expect(model?.bands).toEqual([{ name: "final", from: 0, to: 0 }]);
    const id = suite.items[0]?.id ?? "";
    expect(value(id, "original", "state.explained", "final")).toBeCloseTo(1, 6);
    expect(value(id, "mismatch-1", "state.explained", "final")).toBeLessThan(1);
    expect(record.batches[0]?.conditions.original?.curves).toEqual({});
    expect(Object.keys(model?.unobservable ?? {})).toEqual(expect.arrayContaining(["kl", "state.pooled-cosine"]));
    const kept = keptStates(folder).map(({ states, width }) => [states, width]);
    expect(kept).toEqual(Object.keys(frames).map(() => [["final_norm"], 26]));
  });

  test("nobody places a server's tokens: matched positions are not claimed", () => {
    expect(record.manifest.models[0]?.positions).toEqual(["natural"]);
    expect(new Set(record.batches.map(({ positions }) => positions))).toEqual(new Set(["natural"]));
    expect(missingBatches(record)).toEqual({ missing: 0, planned: 2 * suite.items.length });
    expect(analysis.models[0]?.candidates.every(({ verdict }) => verdict === "unobservable")).toBe(true);
  });

  test("all reports are written", async () => {
    const written = await writeReports(folder, record, analysis, ["all"]);
    expect(written.length).toBeGreaterThan(8);
    for (const path of written) expect(existsSync(path)).toBe(true);
  });
});
