/** Real models as judges: what a small one makes of the controls, and an embedder. */
import { beforeAll, describe, expect, it } from "vitest";
import { AnswerCache } from "../../harness/AnswerCache.ts";
import { type JudgeReport, judgesReport } from "../../harness/analysis/judges.ts";
import { CANARIES } from "../../harness/judges/canaries.ts";
import { controlPairs } from "../../harness/judges/controlPairs.ts";
import type { RecordedRating } from "../../harness/judges/JudgedPair.ts";
import { failureOf } from "../../harness/judges/judgeRun.ts";
import { openJudge } from "../../harness/judges/openJudge.ts";
import { ratePairs } from "../../harness/judges/ratePairs.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import type { JudgeSpec } from "../../suites/Suite.ts";
import { defaultModelFile } from "./defaultModelFile.ts";

const absent = defaultModelFile() === null;
if (absent) console.warn(`skipped: real judges, because ${DEFAULT_MODEL} is missing (isoglyph models pull it)`);

async function tried(name: string, spec: JudgeSpec): Promise<{ report: JudgeReport; ratings: RecordedRating[] }> {
  const { items } = await loadSuite("suites/everyday", { limit: 6 });
  // As few as a judge can be judged by: prompts of 450 tokens take their time on two cores.
  const byRole = Map.groupBy(controlPairs(items, 1), ({ role }) => role);
  const pairs = [...byRole].flatMap(([role, list]) => (role === "canary" ? list : list.slice(0, 6)));
  expect(pairs.filter(({ role }) => role === "canary")).toHaveLength(CANARIES.length);
  const provider = await openProvider(spec.model, { weights: "auto", purpose: "batch" });
  try {
    const opened = openJudge(name, spec, provider, "here");
    const judge = { ...opened, description: { ...opened.description, bothOrders: false } };
    const context = { provider, answers: new AnswerCache(null), seed: 1, mostCalls: spec.calls, where: "here" };
    const ratings = await ratePairs(judge, pairs, { ...context, progress: () => {} });
    const clusters = new Map(items.map(({ id, cluster }) => [id, cluster]));
    const clusterOf = (item: string) => clusters.get(item) ?? item;
    const judges = { [name]: judge.description };
    const [report] = judgesReport({ pairs, ratings, judges, clusterOf, seed: 1 }).judges;
    return { report: report as JudgeReport, ratings };
  } finally {
    await provider.close();
  }
}

describe.skipIf(absent)("the default model as a judge", () => {
  let report: JudgeReport;
  let ratings: RecordedRating[];
  beforeAll(async () => {
    ({ report, ratings } = await tried("small", { kind: "chat", model: DEFAULT_MODEL, repeats: 1, calls: 1000 }));
    // Sixty prompts, on whatever cores there are.
  }, 1_800_000);

  it("fails its controls, and the reason says so in plain words", () => {
    expect(report.usable).toBe(false);
    expect(failureOf(report)).toMatch(/^instrument-failed: judge small cannot be used: /);
    expect(report.reasons.length).toBeGreaterThan(0);
  });

  it("what it says in other words than asked is kept and is no score", () => {
    for (const { rating, raw } of ratings) {
      if (raw !== undefined) expect(rating).toBeNull();
      else expect([0, 0.25, 0.5, 0.75, 1]).toContain(rating);
    }
  });
});

describe.skipIf(process.env.ISOGLYPH_TEST_EMBEDDER === undefined)(
  "an embedder as a judge (ISOGLYPH_TEST_EMBEDDER)",
  () => {
    it("knows same from other, and cannot tell a changed fact", async () => {
      const model = process.env.ISOGLYPH_TEST_EMBEDDER as string;
      const { report } = await tried("similar", { kind: "embedding", model, repeats: 1, calls: 1000 });
      const mean = (name: string) => report.controls.find(({ control }) => control === name)?.mean as number;
      expect(mean("identity")).toBeCloseTo(1, 4);
      expect(mean("mismatch")).toBeLessThan(0.5);
      expect(mean("decoy")).toBeGreaterThan(0.8);
      expect(report.usable).toBe(false);
      expect(report.reasons.join()).toMatch(/it rates decoy 0\.\d\d, which must be at most/);
    });
  },
);
