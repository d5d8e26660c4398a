/** People's ratings beside a judge's: read from CSV, and held against each other. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { humanAgreement } from "../../../harness/analysis/humanAgreement.ts";
import { type JudgedRecord, judgesReport } from "../../../harness/analysis/judges.ts";
import type { JudgeDescription } from "../../../harness/judges/Judge.ts";
import { judgedPair } from "../../../harness/judges/JudgedPair.ts";
import { readLabels } from "../../../harness/judges/readLabels.ts";
import { judgesText } from "../../../reports/judgesText.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-labels-"));
afterAll(() => rmSync(root, { recursive: true }));

const CHAT: JudgeDescription = {
  kind: "chat",
  identity: { reference: "model", name: "model", engine: "none", digest: "" },
  prompt: null,
  repeats: 1,
  bothOrders: false,
  symmetric: true,
};
/** The judge's ratings of ten pairs, 1 to 5, and what two people gave them. */
const JUDGE = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5];
const ANNA = [1, 2, 3, 4, 5, 1, 2, 3, 4, 4];
const BEN = [5, 4, 3, 2, 1, 5, 4, 3, 2, 1];

const pairs = JUDGE.map((_, i) => judgedPair("run", `item-${i}`, { question: null, first: "a", second: `b${i}` }));
const record: JudgedRecord = {
  pairs,
  ratings: pairs.map(({ pair }, i) => {
    return { judge: "model", pair, order: "as-given", repeat: 0, rating: ((JUDGE[i] as number) - 1) / 4, reason: "" };
  }),
  judges: { model: CHAT },
  clusterOf: (item) => item,
  seed: 1,
};
const known = new Set(pairs.map(({ pair }) => pair));
function labels(text: string) {
  const path = join(root, "labels.csv");
  writeFileSync(path, text);
  return readLabels(path, known);
}
const rows = (rater: string, ratings: readonly (number | string)[]) =>
  ratings.map((rating, i) => `${pairs[i]?.pair},${rating},${rater}`);

describe("labels", () => {
  test("agreement of the judge with each person, and of people with each other", () => {
    const given = labels(["pair,rating,rater", ...rows("anna", ANNA), ...rows("ben", BEN)].join("\n"));
    const { raters, amongHumans, withJudges } = humanAgreement(record, given);
    expect(raters).toEqual(["anna", "ben"]);
    const [anna, ben] = withJudges;
    // Nine of ten agree; by chance 0.2·0.2·3 + 0.2·0.3 + 0.2·0.1 = 0.2: (0.9 − 0.2)/(1 − 0.2).
    expect(anna?.kappa).toMatchObject({ defined: true, n: 10 });
    expect(anna?.kappa.defined && anna.kappa.kappa).toBeCloseTo(0.875, 12);
    expect(anna?.alpha.defined && anna.alpha.alpha).toBeGreaterThan(0.95);
    expect(anna?.alpha.defined && (anna.alpha.low ?? 1)).toBeLessThan(1);
    expect(ben?.kappa.defined && ben.kappa.kappa).toBeCloseTo(0, 12);
    expect(ben?.alpha.defined && ben.alpha.alpha).toBeLessThan(-0.5);
    expect(amongHumans.defined && amongHumans.alpha).toBeLessThan(-0.4);
    const text = judgesText(judgesReport(record), {
      judges: record.judges,
      humans: { raters, amongHumans, withJudges },
      width: 80,
    });
    expect(text).toMatch(/model and anna: Cohen's kappa 0\.88 \[0\.\d\d, 1\.00\] of 10; Krippendorff's alpha 0\.9\d/);
  });

  test("cells that are still empty are left out; one person may have no name", () => {
    const given = labels(["pair,rating", `${pairs[0]?.pair},3`, `${pairs[1]?.pair},`].join("\n"));
    expect(given).toEqual([{ pair: pairs[0]?.pair, rater: "human", rating: 3 }]);
    expect(humanAgreement(record, given).amongHumans).toEqual({ defined: false, reason: "one person rated" });
  });

  test("what is wrong is said with its line", () => {
    const wrong = (text: string, line: number, message: RegExp) => {
      expect(() => labels(text)).toThrow(message);
      expect(() => labels(text)).toThrow(
        expect.objectContaining({ code: "labels", where: `${join(root, "labels.csv")}:${line}` }),
      );
    };
    const one = pairs[0]?.pair;
    wrong(`pair,score\n${one},5`, 2, /no column rating/);
    wrong(`pair,rating\n${one},6`, 2, /rating is "6"/);
    wrong(`pair,rating\n${one},4.5`, 2, /rating is "4.5"/);
    wrong(`pair,rating\n${one},3\nnone,3`, 3, /no pair "none"/);
    wrong(`pair,rating\n${one},3\n${one},4`, 3, /twice/);
    expect(() => readLabels(join(root, "absent.csv"), known)).toThrow(/cannot be read/);
  });
});

test("a judge of whom too little is known is said to have failed, in plain words", () => {
  const text = judgesText(judgesReport(record), { judges: record.judges, humans: null, width: 80 });
  expect(text).toMatch(
    /^model \(chat, model\) FAILED as an instrument, and none of its ratings is used: 0\npairs of identity/,
  );
  expect(text).toContain("within           Krippendorff's alpha none, because each pair was rated once");
});
