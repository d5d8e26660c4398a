/**
 * How often does the verdict claim what is false? It is put to suites whose truth is known (plants.ts): whole clusters
 * of a run's items, drawn with replacement, under the run's own controls.
 *
 * A claim that is false by construction may come out at α, give or take the Monte Carlo error of N repetitions:
 * P(equivalent) ≤ α + 2 √(α(1 − α)/N). Where its true rate is α itself, a row exceeds that in one of forty audits.
 * What is audited is one frame and one candidate: further frames, positions and Holm's correction only lower the rate.
 */
import { setImmediate } from "node:timers/promises";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { testable } from "../analysis/contrast.ts";
import type { InstrumentCheck } from "../analysis/instrument.ts";
import type { Table, TableCondition } from "../analysis/Table.ts";
import { type FrameVerdict, judge, type VerdictSettings } from "../analysis/verdict.ts";
import { generatorFor, seedFor } from "../random.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { monteCarloError } from "./coverage.ts";
import { type TableItem, tablesOf } from "./ItemValues.ts";
import { type Population, RESAMPLES, settingsFor } from "./Population.ts";
import { scenarios as everyScenario, type Scenario } from "./scenarios.ts";

/** The rule under audit. */
export type Judge = (table: Table, condition: string, settings: VerdictSettings) => FrameVerdict;

export interface AuditSettings {
  readonly repetitions: number;
  readonly seed: number;
  /** The rule of a run unless given; and what is put to it, all of scenarios.ts. */
  readonly judge?: Judge;
  readonly scenarios?: readonly Scenario[];
  readonly progress?: (label: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ScenarioResult extends Omit<Scenario, "clusters"> {
  readonly clusters: number;
  readonly repetitions: number;
  /** How often it came out equivalent, and the Monte Carlo standard error; shares. */
  readonly equivalent: number;
  readonly error: number;
  /** The most that is allowed; null where nothing is: power is reported. */
  readonly bound: number | null;
  /** How often the part in question alone held; null where there is none. And each part by its name. */
  readonly partHeld: number | null;
  readonly partsHeld: Readonly<Record<string, number>>;
  /** How often each word came out. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Null where nothing is judged. */
  readonly holds: boolean | null;
}

/** One result for each scenario and size. */
export async function auditVerdict(population: Population, settings: AuditSettings): Promise<ScenarioResult[]> {
  const { repetitions, progress, signal, scenarios = everyScenario } = settings;
  const { alpha } = population.source.manifest.suite;
  const tallies = new Map<string, Tally>();
  // The longest first, so that what is said to be left is not too little.
  const sizes = [...new Set(scenarios.flatMap(({ clusters }) => clusters))].sort((a, b) => b - a);
  for (const size of sizes) {
    const asked = scenarios.filter(({ clusters }) => clusters.includes(size));
    for (let repetition = 0; repetition < repetitions; repetition++) {
      repeat(population, asked, size, repetition, settings, tallies);
      progress?.(`suites of ${size} clusters`, repetition + 1, repetitions);
      // An interrupt is only noticed between two turns of the event loop.
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return scenarios.flatMap((scenario) =>
    scenario.clusters.map((size) =>
      resultOf(scenario, size, tallies.get(key(scenario, size)) as Tally, repetitions, alpha),
    ),
  );
}

interface Tally {
  partHeld: number;
  readonly partsHeld: Record<string, number>;
  readonly verdicts: Record<string, number>;
}

const key = ({ name, group }: Scenario, clusters: number) => JSON.stringify([group, name, clusters]);
const rivalOf = (name: string) => `overlap-matched:${name}`;

function resultOf(
  scenario: Scenario,
  clusters: number,
  { verdicts, partHeld, partsHeld }: Tally,
  repetitions: number,
  alpha: number,
): ScenarioResult {
  const share = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / repetitions]));
  const shares = share(verdicts);
  const equivalent = shares.equivalent ?? 0;
  const most = { alpha: alpha + 2 * monteCarloError(alpha, repetitions), never: 0 };
  const bound = scenario.claims === null ? null : most[scenario.claims];
  const always = scenario.always === null || shares[scenario.always] === 1;
  return {
    ...scenario,
    clusters,
    repetitions,
    equivalent,
    error: monteCarloError(equivalent, repetitions),
    bound,
    partHeld: scenario.part === null ? null : partHeld / repetitions,
    partsHeld: share(partsHeld),
    verdicts: shares,
    holds: bound === null ? null : equivalent <= bound && always,
  };
}

/** One suite of so many clusters, and the verdicts on all that is asked of that size. */
function repeat(
  { source, clusters, planted }: Population,
  asked: readonly Scenario[],
  size: number,
  repetition: number,
  { seed, judge: rule = judge }: AuditSettings,
  tallies: Map<string, Tally>,
): void {
  const used = Object.entries(planted).filter(([name]) => asked.some(({ condition }) => condition === name));
  const random = generatorFor(seed, "audit", String(size), String(repetition));
  const items: TableItem[] = [];
  for (let copy = 0; copy < size; copy++) {
    for (const index of clusters[uniformInt(random, 0, clusters.length - 1)] ?? []) {
      const values = used.flatMap(([name, { draw, rival }]) => {
        const own = [name, draw(index, random)] as const;
        return rival === undefined ? [own] : [own, [rivalOf(name), rival(index)] as const];
      });
      items.push({ index, cluster: String(copy), planted: Object.fromEntries(values) });
    }
  }
  const added = used.flatMap(([name, { rival }]): TableCondition[] => [
    { name, role: "candidate", of: null },
    ...(rival === undefined ? [] : [{ name: rivalOf(name), role: "foil" as const, of: name }]),
  ]);
  const { all, withoutFoils } = tablesOf(source, items, added);
  // Drawn anew for each suite: no error of few resamples is shared by all.
  const draws = new ClusterResampler(seedFor(seed, "resamples", String(repetition)), RESAMPLES);
  const settings = settingsFor(all, source, { alpha: source.manifest.suite.alpha, draws });
  // They hold in the run; where they fail in a small suite no claim is made, and no false one.
  const passed = (check: InstrumentCheck) => ({ ...check, holds: true, reasons: [] });
  const trusting = { ...settings, closeness: settings.closeness.map(passed), fact: passed(settings.fact) };
  for (const scenario of asked) {
    const table = scenario.foils ? all : withoutFoils;
    const { verdict, parts } = rule(table, scenario.condition, scenario.group === "power" ? settings : trusting);
    const tally = tallies.get(key(scenario, size)) ?? { verdicts: {}, partHeld: 0, partsHeld: {} };
    tallies.set(key(scenario, size), tally);
    tally.verdicts[verdict] = (tally.verdicts[verdict] ?? 0) + 1;
    const held = parts.filter((part) => testable(part) && part.p < settings.alpha);
    for (const { name } of held) tally.partsHeld[name] = (tally.partsHeld[name] ?? 0) + 1;
    const own = parts.filter(({ name }) => scenario.part !== null && name.startsWith(scenario.part));
    if (own.length > 0 && own.every((part) => held.includes(part))) tally.partHeld++;
  }
}
