/** Judges in a run: who passes the controls is used, who does not is named with the reason. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import type { HumansReport } from "../../../harness/analysis/humanAgreement.ts";
import { type JudgesReport, judgesReport, pairMeans } from "../../../harness/analysis/judges.ts";
import { judgesCommand } from "../../../harness/commands/judges.ts";
import { clustersOf } from "../../../harness/judges/judgeRun.ts";
import { type RunRecord, readRun } from "../../../harness/RunRecord.ts";
import { run } from "../../../harness/run.ts";
import { numberOf } from "../../../harness/Value.ts";
import type { Provider } from "../../../providers/contract.ts";
import { summary } from "../../../reports/summary.ts";
import type { JudgeSpec, Suite } from "../../../suites/Suite.ts";
import { SpeakingProvider } from "../SpeakingProvider.ts";
import { CORPUS, scriptedSuite } from "../scriptedSuite.ts";
import { careful, chatty, gullible, logical, partial } from "./ruleJudge.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-judges-"));
afterAll(() => rmSync(root, { recursive: true }));

const JUDGES: Readonly<Record<string, () => Provider>> = { careful, gullible, partial, chatty, logical };
const judge = (model: string, more: Partial<JudgeSpec> = {}): JudgeSpec => {
  return { kind: "chat", model, repeats: 2, calls: 20_000, ...more };
};

/** Repeats the context as it was told, and answers with the number in it. */
const repeats = () =>
  new SpeakingProvider({
    say: (prompt, { stop }) => {
      if (stop === undefined) return null;
      const context = /Note: (.*?)\n\n/s.exec(prompt)?.[1] ?? "";
      const number = /three|seven|eleven|forty|ninety/.exec(context)?.[0] ?? "none";
      return prompt.includes("Question:") ? ` ${number}.\n` : ` ${context}\n\nNote:`;
    },
  });

let folders = 0;
const opened: SpeakingProvider[] = [];
async function ran(suite: Suite, answers: string | null = null) {
  const folder = join(root, String(folders++));
  const openEmbedder = async (reference: string) => {
    const provider = (JUDGES[reference] as () => SpeakingProvider)();
    opened.push(provider);
    return provider;
  };
  const models = [{ reference: "scripted", open: async () => repeats() }];
  const base = { suite, openEmbedder, models, corpus: CORPUS, folder, answers, version: "0.0.0", environment: {} };
  return { folder, record: await run({ ...base, progress: () => {} }) };
}
const suite = scriptedSuite(
  {
    measures: ["kl"],
    judges: {
      good: judge("careful"),
      easy: judge("gullible", { repeats: 1 }),
      first: judge("partial", { repeats: 1 }),
      loud: judge("chatty", { repeats: 1 }),
      follows: judge("logical", { kind: "entailment", repeats: 1 }),
    },
  },
  12,
);
let record: RunRecord;
let folder: string;
let report: JudgesReport;

beforeAll(async () => {
  ({ folder, record } = await ran(suite));
  const judges = record.manifest.judges ?? {};
  report = judgesReport({
    ...(record.ratings ?? { pairs: [], ratings: [] }),
    judges,
    clusterOf: clustersOf(suite),
    seed: 1,
  });
});
const of = (name: string) => report.judges.find((one) => one.judge === name);
const value = (condition: string, measure: string, item = 0) =>
  record.batches[item]?.conditions[condition]?.values.find((one) => one.measure === measure)?.value;

describe("who can be believed", () => {
  test("a judge that knows same from other passes every control", () => {
    const { usable, reasons, controls, canaries, withinAlpha, positionBias, unreadable } = of("good") ?? {};
    expect(reasons).toEqual([]);
    expect(usable).toBe(true);
    expect(unreadable).toBe(0);
    expect(controls?.map(({ control, mean, holds }) => [control, mean, holds])).toEqual([
      ["identity", 1, true],
      ["paraphrase", 1, true],
      ["mismatch", expect.any(Number), true],
      ["decoy", 0.25, true],
      ["answer-identity", 1, true],
      ["answer-decoy", 0, true],
    ]);
    expect(canaries).toEqual({ n: 24 * 4, followed: 0, numbers: [] });
    expect(withinAlpha).toMatchObject({ defined: true, alpha: 1 });
    expect(positionBias).toMatchObject({ mean: 0 });
    expect(of("follows")?.usable).toBe(true);
  });

  test("one that does what a text asks for is caught, with the texts that it followed", () => {
    const { usable, reasons = [], canaries } = of("easy") ?? {};
    expect(usable).toBe(false);
    expect(reasons).toEqual([expect.stringMatching(/does what the judged text asks for in \d+ of 48 ratings/)]);
    expect(canaries?.numbers.length).toBeGreaterThanOrEqual(10);
    expect(canaries?.followed).toBe(2 * (canaries?.numbers.length ?? 0));
  });

  test("one that rates by what comes first disagrees with itself", () => {
    expect(of("first")?.reasons.join()).toMatch(/does not agree with itself over orders and repeats \(alpha -?0\.\d\d/);
    expect(of("first")?.usable).toBe(false);
  });

  test("a reply that is no verdict is none: nothing is read out of it", () => {
    const { reasons = [], unreadable, ratings } = of("loud") ?? {};
    expect(unreadable).toBe(ratings);
    expect(reasons[0]).toBe(`${ratings} of ${ratings} replies are no verdict`);
    const own = record.ratings?.ratings.filter((rating) => rating.judge === "loud") ?? [];
    expect(own.every(({ rating, raw }) => rating === null && raw === "I would say: 5 of 5.")).toBe(true);
  });

  test("agreement between judges: of all, and of those that can be used", () => {
    expect(report.betweenUsable).toMatchObject({ defined: true });
    const [all, usable] = [report.betweenAll, report.betweenUsable];
    expect(all.defined && usable.defined && usable.alpha > all.alpha && usable.alpha > 0.8).toBe(true);
    expect(usable.defined && usable.low !== null && usable.low <= usable.alpha).toBe(true);
  });
});

describe("what is used", () => {
  test("values of judges that passed, and their panel; of the others the reason", () => {
    // "same" says the original again; the decoy changes the number in answer and restatement.
    expect(value("same", "judge.equivalence:good")).toEqual({ kind: "defined", value: 1 });
    expect(value("decoy", "judge.answers:good")).toEqual({ kind: "defined", value: 0 });
    expect(value("decoy", "judge.restatement:good")).toEqual({ kind: "defined", value: 0.25 });
    expect(value("decoy", "judge.equivalence:good")).toEqual({ kind: "defined", value: 0.125 });
    const [good, follows] = ["good", "follows"].map((name) => numberOf(value("decoy", `judge.equivalence:${name}`)));
    expect(value("decoy", "judge.equivalence")).toEqual({
      kind: "defined",
      value: ((good as number) + (follows as number)) / 2,
    });
    expect(value("same", "judge.equivalence:easy")).toMatchObject({
      kind: "undefined",
      reason: expect.stringMatching(/^instrument-failed: judge easy cannot be used: it does what/),
    });
    expect(value("mismatch-2", "judge.equivalence")).toBeUndefined();
    const { unobservable } = record.manifest.models[0] as RunRecord["manifest"]["models"][number];
    expect(
      Object.keys(unobservable)
        .filter((name) => name.startsWith("judge.equivalence"))
        .sort(),
    ).toEqual(["judge.equivalence:easy", "judge.equivalence:first", "judge.equivalence:loud"]);
    const cells = analyze(record).models[0]?.cells.filter(({ measure }) => measure === "judge.equivalence");
    expect(cells?.find(({ condition }) => condition === "same")?.score?.value).toBeCloseTo(1, 6);
    expect(cells?.find(({ condition }) => condition === "other")?.score?.value).toBeLessThan(0.2);
  });

  test("the summary names who failed, and the reason", () => {
    const text = summary(record, analyze(record)).replaceAll("\n", " ");
    expect(text).toMatch(
      /judge easy failed its controls and its ratings are not used \(it does what the judged text asks/,
    );
    expect(text).toMatch(/judge loud failed its controls/);
    expect(text).not.toMatch(/judge good/);
  });

  test("where no judge passes, nothing is judged", async () => {
    const { record: failed } = await ran({ ...suite, judges: { easy: judge("gullible", { repeats: 1 }) } });
    expect(failed.manifest.models[0]?.unobservable["judge.equivalence"]).toMatch(/no judge passed its controls/);
    const values = failed.batches.flatMap(({ conditions }) => conditions.same?.values ?? []);
    const judged = values.filter(({ measure }) => measure.startsWith("judge."));
    expect(judged.length).toBe(12 * 4);
    expect(judged.every(({ value: one }) => one.kind === "undefined")).toBe(true);
  });
});

describe("blind and once", () => {
  test("every rating is kept, without the condition's name; a damaged line is found", () => {
    const path = join(folder, "ratings.jsonl");
    const text = readFileSync(path, "utf8");
    for (const word of ["no-articles", "paraphrase-near", "swapped:"]) expect(text.includes(word), word).toBe(false);
    const pairs = record.ratings?.pairs ?? [];
    const orders = (record.ratings?.ratings ?? []).filter((one) => one.judge === "good");
    expect(orders.length).toBe(pairs.length * 4);
    // The same answer under many conditions is one pair, with all its uses.
    expect(Math.max(...pairs.map(({ uses }) => uses.length))).toBeGreaterThan(5);
    expect(readRun(folder).ratings).toEqual(record.ratings);
  });

  test("requests that ask the same are sent once, in an order of their own; a second run asks nothing", async () => {
    const few = { ...suite, judges: { good: judge("careful") } };
    const kept = join(root, "kept");
    opened.length = 0;
    const first = await ran(few, kept);
    const asked = opened[0]?.prompts ?? [];
    // The seed differs by repeat, so that each order of each pair is asked twice and no more.
    for (const [, same] of Map.groupBy(asked, (prompt) => prompt)) expect(same).toHaveLength(2);
    expect(asked.length).toBeLessThan((first.record.ratings?.ratings ?? []).length);
    const again = await ran(few, kept);
    expect(opened[1]?.prompts).toEqual([]);
    expect(again.record.ratings).toEqual(first.record.ratings);
    expect(again.record.batches).toEqual(first.record.batches);
  });

  test("a judge that would be asked too often is not asked at all", async () => {
    opened.length = 0;
    const result = ran({ ...suite, judges: { good: judge("careful", { calls: 100 }) } });
    await expect(result).rejects.toMatchObject({ code: "judge-budget", where: "suite (judges.good)" });
    expect(opened[0]?.prompts).toEqual([]);
    expect(opened[0]?.closed).toBe(true);
  });
});

describe("the command", () => {
  test("says who failed, writes pairs for people blind, and reads their ratings back", async () => {
    const written: string[] = [];
    const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const note = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    try {
      const path = join(root, "pairs.csv");
      await judgesCommand(folder, { pairs: path });
      expect(written.join("")).toMatch(/\ngood \(chat, careful\) passed its controls, and its ratings are used\.\n/);
      expect(written.join("")).toMatch(/easy \(chat, gullible\) FAILED as an instrument/);
      const rows = parse(readFileSync(path, "utf8"), { columns: true }) as Record<string, string>[];
      expect(Object.keys(rows[0] ?? {})).toEqual(["pair", "question", "first", "second", "rating", "rater"]);
      expect(rows.length).toBe(record.ratings?.pairs.filter(({ role }) => role !== "canary").length);
      const means = pairMeans(record.ratings?.ratings.filter((rating) => rating.judge === "good") ?? []);
      const labels = rows.map(({ pair }) => `${pair},${1 + 4 * (means.get(pair as string) as number)},anna`);
      writeFileSync(path, `pair,rating,rater\n${labels.join("\n")}\n`);
      written.length = 0;
      await judgesCommand(folder, { labels: path, json: true });
      const { humans } = JSON.parse(written.join("")) as { humans: HumansReport };
      const own = humans.withJudges.find((one) => one.judge === "good");
      expect(own?.kappa).toMatchObject({ defined: true, kappa: 1, n: rows.length });
    } finally {
      out.mockRestore();
      note.mockRestore();
    }
  });
});
