/** The audit of the verdict: its truths are true, it finds what is known, and it can fail. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { testable } from "../../../harness/analysis/contrast.ts";
import { judge } from "../../../harness/analysis/verdict.ts";
import { type Audit, audit } from "../../../harness/audit/audit.ts";
import { auditVerdict, type Judge, type ScenarioResult } from "../../../harness/audit/auditVerdict.ts";
import { builtInValues, itemValues, tablesOf } from "../../../harness/audit/ItemValues.ts";
import { populationOf } from "../../../harness/audit/Population.ts";
import type { PlantName } from "../../../harness/audit/plants.ts";
import { type Scenario, scenarios } from "../../../harness/audit/scenarios.ts";
import { generatorFor } from "../../../harness/random.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { auditTable } from "../../../reports/auditTable.ts";
import { DRAWS, planted } from "../analysis/plantedRecord.ts";

const values = builtInValues();
const population = populationOf(values);
/** At the largest size of each. */
const asked = (only: (scenario: Scenario) => boolean) =>
  scenarios.filter(only).map((scenario) => ({ ...scenario, clusters: scenario.clusters.slice(-1) }));
const put = (only: (scenario: Scenario) => boolean, rule: Judge = judge) =>
  auditVerdict(population, { repetitions: 20, seed: 1, judge: rule, scenarios: asked(only) });
const failing = (rows: readonly ScenarioResult[]) =>
  rows.filter(({ holds }) => holds === false).map(({ name }) => name);

describe("what is planted is true", () => {
  /** The parts' means over the run's items, each so many times. */
  const partsOf = (name: PlantName, copies = 1) => {
    const random = generatorFor(1, name);
    const { draw, rival } = population.planted[name];
    const items = values.manifest.items.flatMap(({ cluster }, index) =>
      Array.from({ length: copies }, () => {
        const own = { [name]: draw(index, random) };
        return { index, cluster, planted: rival === undefined ? own : { ...own, rival: rival(index) } };
      }),
    );
    const added = [
      { name, role: "candidate", of: null },
      { name: "rival", role: "foil", of: name },
    ] as const;
    const { withoutFoils } = tablesOf(values, items, rival === undefined ? added.slice(0, 1) : added);
    const check = (measure: string) => ({ measure, holds: true, reasons: [] });
    const { parts } = judge(withoutFoils, name, {
      alpha: 0.025,
      draws: new ClusterResampler(1, 99),
      margin: 0.8,
      layer: values.model.headlineBand,
      closeness: [check("kl"), check("state.explained")],
      fact: check("fact"),
      unobservable: {},
    });
    return parts.filter(testable);
  };
  const meanOf = (part: string, parts: ReturnType<typeof partsOf>) => parts.find(({ name }) => name === part)?.mean;

  test.each([
    ["A kl", "A kl"],
    ["A states", "A state.explained"],
    ["B fact", "B fact"],
    ["C foil", "C rival"],
  ] as const)("%s: the mean contrast of %s is 0, and every other is above", (name, part) => {
    const parts = partsOf(name);
    expect(meanOf(part, parts)).toBeCloseTo(0, 10);
    // K as large as its margin allows is as often beyond what paraphrases have: there part D is at its margin too.
    const others = parts.filter((other) => other.name !== part && !(name === "A kl" && other.name === "D near"));
    expect(others.filter((other) => other.mean <= 0)).toEqual([]);
    expect(parts.length).toBeGreaterThanOrEqual(4);
  });

  test("D tail: as many good items as paraphrases have, less 0.10", () => {
    expect(Math.abs(meanOf("D tail", partsOf("D tail", 50)) as number)).toBeLessThan(0.04);
  });

  test("heavy tails leave the mean on the margin", () => {
    const spread = 11;
    expect(Math.abs(meanOf("A kl", partsOf("A kl, heavy tails", 100)) as number)).toBeLessThan(
      (4 * spread) / Math.sqrt(4000),
    );
  });
});

test("what is known of the default model's items is found", async () => {
  const rows = await put(({ group }) => group !== "power");
  expect(failing(rows)).toEqual([]);
  const verdicts = (name: string) => rows.find((row) => row.name === name)?.verdicts;
  expect(verdicts("near copy, fact lost")).toEqual({ "near-copy, fact lost": 1 });
  expect(verdicts("a good code")).toEqual({ inconclusive: 1 });
  expect(verdicts("words shuffled")).toEqual({ different: 1 });
});

test("good codes are found, and more of them with more items", async () => {
  const sizes = scenarios
    .filter(({ condition }) => condition === "paraphrase")
    .map((row) => ({ ...row, clusters: [40, 120] }));
  const [few, many] = await auditVerdict(population, { repetitions: 10, seed: 1, scenarios: sizes });
  expect(few?.equivalent).toBeLessThan(many?.equivalent as number);
  expect(many?.equivalent).toBeGreaterThan(0.8);
  expect(few?.holds).toBeNull();
});

describe("a wrong rule fails", () => {
  test("a part that is left out", async () => {
    const without =
      (...left: string[]): Judge =>
      (table, condition, settings) => {
        const result = judge(table, condition, settings);
        const rest = result.parts.filter(({ name }) => !left.includes(name.slice(0, 1)));
        const passes = rest.every((other) => testable(other) && other.p < settings.alpha);
        return passes ? { ...result, verdict: "equivalent" } : result;
      };
    const some = ({ name, group }: Scenario) => group === "wrong" || name.startsWith("B ") || name.startsWith("D ");
    expect(failing(await put(some, without("B")))).toEqual(["B at the margin"]);
    expect(failing(await put(some, without("D")))).toEqual([
      "D at the margin",
      "85 % perfect, 15 % floor",
      "15 % have the fact changed",
    ]);
    // Either part finds the lost fact.
    expect(failing(await put(some, without("B", "D")))).toContain("near copy, fact lost");
  });

  test("a level that is not kept", async () => {
    const lax: Judge = (table, condition, settings) => judge(table, condition, { ...settings, alpha: 0.5 });
    expect(failing(await put(({ group }) => group === "margin", lax))).toHaveLength(6);
  });

  test("claims from few clusters", async () => {
    const bold: Judge = (table, condition, settings) => ({
      ...judge(table, condition, settings),
      verdict: "different",
    });
    expect(failing(await put(({ group }) => group === "few", bold))).toHaveLength(2);
  });
});

describe("a run of one's own", () => {
  const record = planted({ seed: 1, items: 40, candidates: { good: DRAWS.good } });

  test("its first frame, without candidates", async () => {
    const own = itemValues(record);
    expect(own.frame).toBe("restate");
    expect(Object.keys(own.values)).toEqual(
      expect.arrayContaining(["original", "paraphrase-near", "decoy", "mismatch-1"]),
    );
    expect(Object.keys(own.values).filter((name) => name.includes("good"))).toEqual([]);
    const rows = await auditVerdict(populationOf(own), {
      repetitions: 4,
      seed: 1,
      scenarios: scenarios.filter(({ name }) => name === "near copy, fact lost"),
    });
    expect(rows.map(({ clusters, verdicts }) => [clusters, verdicts])).toEqual([
      [20, { "near-copy, fact lost": 1 }],
      [40, { "near-copy, fact lost": 1 }],
      [160, { "near-copy, fact lost": 1 }],
    ]);
  });

  test("one that cannot be audited says why", async () => {
    const without = planted({ seed: 1, candidates: { good: DRAWS.good }, without: ["decoy"] });
    expect(() => itemValues(without)).toThrow(expect.objectContaining({ code: "audit-controls" }));
    expect(() => itemValues({ ...record, batches: record.batches.slice(1) })).toThrow(
      expect.objectContaining({ code: "run-incomplete", exit: 4 }),
    );
    const noisy = itemValues(planted({ seed: 1, candidates: { good: DRAWS.good }, noise: 5 }));
    await expect(audit(noisy, { repetitions: 1, seed: 1 })).rejects.toMatchObject({
      code: "audit-instrument",
      exit: 3,
    });
  });
});

test("a table of 80 columns, with all rows", async () => {
  const result = await audit(values, { repetitions: 2, seed: 1 });
  const lines = auditTable(result).split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.filter((line) => /(holds|FAILS|–)$/.test(line))).toHaveLength(result.scenarios.length + 5);
  expect(
    auditTable({ ...result, holds: true, scenarios: result.scenarios.filter(({ holds }) => holds !== false) }),
  ).toMatch(/No claim that is false/);
});

test("the command: JSON, exit code 3 where a row fails, the same numbers for the same seed", async () => {
  const command = (...args: string[]) =>
    spawnSync(process.execPath, ["harness/cli.ts", "audit", ...args], { encoding: "utf8" });
  const { stdout, status } = command("--repetitions", "2", "--json");
  const printed = JSON.parse(stdout) as Audit;
  expect(printed).toEqual(JSON.parse(JSON.stringify(await audit(values, { repetitions: 2, seed: 1 }))));
  expect(status).toBe(printed.holds ? 0 : 3);
  const nothing = command("no-such-folder");
  expect([nothing.status, nothing.stderr]).toEqual([2, expect.stringContaining("run-missing")]);
});
