import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { analyze } from "../../harness/analysis/analyze.ts";
import { compareRuns } from "../../harness/analysis/compareRuns.ts";
import { annotations } from "../../reports/annotations.ts";
import { badgeJson, badgeSvg } from "../../reports/badge.ts";
import { junitXml } from "../../reports/junitXml.ts";
import { regressionLines, regressions } from "../../reports/regressions.ts";
import { stepSummary } from "../../reports/stepSummary.ts";
import { xmlText } from "../../reports/xmlText.ts";
import type { Verdict } from "../../suites/Suite.ts";
import { DRAWS, type Draw, planted } from "../harness/analysis/plantedRecord.ts";
import { judgedAs, sampleRecord } from "./sample.ts";

const gates = [
  { candidate: "code", require: "different" },
  { candidate: "code", require: "equivalent" },
] as const;
const gated = sampleRecord({ gates });
const told = (verdict: Verdict) => judgedAs(gated, { verdict, reasons: ["A kl: 100 % off,\r\nsee <there>: \u0000"] });

test("text in XML: escaped, and what XML cannot say replaced", () => {
  expect(xmlText('<a b="c">&\'\n\t\u0000\u001b\ufffe😀\ud800')).toBe(
    "&lt;a b=&quot;c&quot;&gt;&amp;'&#10;&#9;\ufffd\ufffd\ufffd😀\ufffd",
  );
});

test("JUnit: a test case a gate; failures and errors counted apart", () => {
  const document = (verdict: Verdict) =>
    new (parseHTML("").DOMParser)().parseFromString(junitXml(gated, told(verdict)), "text/xml");
  const suite = (verdict: Verdict) => document(verdict).querySelector("testsuite");
  const counts = (verdict: Verdict) =>
    ["tests", "failures", "errors"].map((name) => suite(verdict)?.getAttribute(name));
  expect(counts("different")).toEqual(["2", "1", "0"]);
  expect(counts("inconclusive")).toEqual(["2", "2", "0"]);
  expect(counts("instrument-failed")).toEqual(["2", "0", "2"]);
  expect(counts("unobservable")).toEqual(["2", "0", "2"]);
  const [holding, failing] = [...document("different").querySelectorAll("testcase")];
  expect(holding?.getAttribute("name")).toBe("code is different");
  expect(holding?.children).toHaveLength(0);
  const failure = failing?.querySelector("failure");
  expect(failure?.getAttribute("message")).toBe("code on tiny: demanded equivalent, found different");
  expect(failure?.textContent).toContain("A kl: 100 % off,");
  // Nothing that differs from machine to machine.
  expect(junitXml(gated, told("different"))).not.toMatch(/ (time|timestamp|hostname)=/);
});

test("the badge says how the gates stand", () => {
  const of = (analysis: ReturnType<typeof told>) => JSON.parse(badgeJson(analysis)).message;
  expect(of(told("different"))).toBe("1 of 2 gates fail");
  expect(of({ ...told("different"), exit: 3 })).toBe("instrument failed");
  expect(of(analyze(sampleRecord()))).toBe("no gates");
  const one = sampleRecord({ gates: [gates[0]] });
  expect(of(judgedAs(one, { verdict: "different" }))).toBe("1 gate holds");
  expect(badgeSvg(told("different"))).toContain("<title>isoglyph: 1 of 2 gates fail</title>");
});

test("annotations: one error a failing gate, on one line, escaped as GitHub asks", () => {
  expect(annotations(told("different"), "a,b:c/suite.yaml", ["worse\nby 5 %"])).toEqual([
    "::error file=a%2Cb%3Ac/suite.yaml,title=Isoglyph%3A code on tiny::demanded equivalent, found different%0AA kl: 100 %25 off,%0D%0Asee <there>: \u0000",
    "::error file=a%2Cb%3Ac/suite.yaml,title=Isoglyph%3A worse than the baseline::worse%0Aby 5 %25",
  ]);
  const passed = {
    ...told("instrument-failed"),
    models: told("instrument-failed").models.map((model) => ({ ...model, passedFoils: ["decoy"] })),
  };
  expect(annotations(passed, null).at(-1)).toBe(
    "::error title=Isoglyph%3A tiny::the instrument failed: the foil decoy came out equivalent",
  );
  expect(annotations(analyze(sampleRecord()), null)).toEqual([]);
});

test("the step summary has gates, verdicts, two sentences and what is worse", () => {
  const text = stepSummary(gated, told("different"), ["code on tiny: kl 1 → 2"]);
  expect(text).toContain("## Isoglyph: @suite: 1 of 2 gates hold\n");
  expect(text).toContain(
    "| pass | code | tiny | different | different |\n| **FAIL** | code | tiny | equivalent | different |",
  );
  expect(text).toContain("**Worse than the baseline**\n\n- code on tiny: kl 1 → 2\n");
  expect(text).toMatch(/\| code +\| +0\.40/);
  expect(text).not.toContain("<there>");
  expect(stepSummary(sampleRecord(), analyze(sampleRecord()))).toContain("no gates");
});

const worse: Draw = (truth) => ({ ...DRAWS.good(truth), kl: DRAWS.good(truth).kl + 9 * truth.difficulty });
const run = (draw: Draw, items = 40) => planted({ seed: 3, items, candidates: { code: draw } });

test("a regression is clear after correction and beyond noise; the other way round it is none", () => {
  const found = regressions(compareRuns(run(DRAWS.good), run(worse)));
  expect(found).toEqual([
    expect.stringMatching(/^code on planted: kl \d\.\d\d → \d+\.\d\d nats a continuation, p (< 0\.001|= 0\.00\d)$/),
  ]);
  expect(regressionLines(found, 80)).toMatch(/^WORSE code on planted/);
  expect(regressions(compareRuns(run(worse), run(DRAWS.good)))).toEqual([]);
  expect(regressions(compareRuns(run(DRAWS.good), run(DRAWS.good)))).toEqual([]);
  // Ten clusters carry no claim, and a difference within noise is none.
  expect(regressions(compareRuns(run(DRAWS.good, 10), run(worse, 10)))).toEqual([]);
  const noisy = (draw: Draw) => planted({ seed: 3, candidates: { code: draw }, noise: 1000 });
  expect(regressions(compareRuns(noisy(DRAWS.good), noisy(worse)))).toEqual([]);
  expect(regressionLines([], 80)).toBe("nothing is clearly worse than the baseline");
});
