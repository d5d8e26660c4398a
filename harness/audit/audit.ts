/** The instrument's audit: its false claims, its power, and the coverage of its intervals. */
import { type AuditSettings, auditVerdict, type ScenarioResult } from "./auditVerdict.ts";
import { type Coverage, coverage } from "./coverage.ts";
import type { ItemValues } from "./ItemValues.ts";
import { populationOf, RESAMPLES } from "./Population.ts";

export interface Audit {
  /** Of the run that the items are from. */
  readonly signature: string;
  readonly model: string;
  readonly frame: string;
  readonly items: number;
  readonly clusters: number;
  readonly repetitions: number;
  readonly seed: number;
  readonly alpha: number;
  readonly margin: number;
  /** Bootstrap resamples of each test. */
  readonly resamples: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly coverage: readonly Coverage[];
  /** Whether all that is judged holds. */
  readonly holds: boolean;
}

/** An interval is cheaper than a verdict, and its coverage is wanted more exactly. */
const INTERVALS_PER_SUITE = 10;

/** Throws ExpectedError `audit-instrument` where the run's own controls fail: its verdicts claim nothing. */
export async function audit(source: ItemValues, settings: AuditSettings): Promise<Audit> {
  const { manifest, model, frame } = source;
  const { repetitions, seed } = settings;
  const { alpha, margin } = manifest.suite;
  const population = populationOf(source);
  const scenarios = await auditVerdict(population, settings);
  const intervals = await coverage(population, { ...settings, repetitions: INTERVALS_PER_SUITE * repetitions });
  return {
    signature: manifest.signature,
    model: model.identity.reference,
    frame,
    items: manifest.items.length,
    clusters: population.clusters.length,
    repetitions,
    seed,
    alpha,
    margin,
    resamples: RESAMPLES,
    scenarios,
    coverage: intervals,
    holds: [...scenarios, ...intervals].every(({ holds }) => holds !== false),
  };
}
