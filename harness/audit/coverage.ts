/**
 * How often do 95 % intervals hold the truth? Contrasts of the run's items, whole clusters drawn with replacement: the
 * one whose cluster means are nearest to normal, which is judged (94 to 96 %, give or take two Monte Carlo standard
 * errors), and the most skewed, which is reported: no interval of few clusters is right for every skewness.
 */
import { setImmediate } from "node:timers/promises";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { mean, sampleKurtosis, sampleSkewness } from "simple-statistics";
import { bestFloor, DISTRIBUTION, FACT, losses, STATES } from "../analysis/losses.ts";
import { type Column, combine, type Table } from "../analysis/Table.ts";
import { generatorFor, seedFor } from "../random.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { studentisedBootstrap } from "../statistics/studentisedBootstrap.ts";
import { type Population, RESAMPLES } from "./Population.ts";

export interface Coverage {
  readonly data: "near-normal" | "skewed";
  readonly contrast: string;
  /** Of the run's cluster means. */
  readonly skewness: number;
  readonly excessKurtosis: number;
  readonly clusters: number;
  readonly repetitions: number;
  /** Shares of intervals that hold the truth, and the Monte Carlo standard error of one that is right. */
  readonly clusterT: number;
  readonly bootstrapT: number;
  readonly error: number;
  readonly holds: boolean | null;
}

const LEVEL = 0.95;
const TOLERANCE = 0.01;
/** Draws that share one set of resamples. */
const SHARING = 50;
const SIZES = { "near-normal": [50, 100], skewed: [24, 50, 120] } as const;
/** What passes for near-normal. */
const MOST_SKEWNESS = 0.5;
const MOST_KURTOSIS = 1;

/** Standard error of a share of so many independent repetitions. */
export const monteCarloError = (share: number, repetitions: number) => Math.sqrt((share * (1 - share)) / repetitions);

export interface CoverageSettings {
  readonly repetitions: number;
  readonly seed: number;
  readonly progress?: (label: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

interface ClusteredContrast {
  readonly name: string;
  readonly truth: number;
  readonly clusters: readonly (readonly number[])[];
  readonly skewness: number;
  readonly excessKurtosis: number;
}

export async function coverage({ table, source }: Population, settings: CoverageSettings): Promise<Coverage[]> {
  const { margin } = source.manifest.suite;
  const layer = source.model.headlineBand;
  const ordered = contrasts(table, margin, layer).sort((a, b) => Math.abs(a.skewness) - Math.abs(b.skewness));
  const normal = (contrast: ClusteredContrast) =>
    Math.abs(contrast.skewness) <= MOST_SKEWNESS && Math.abs(contrast.excessKurtosis) <= MOST_KURTOSIS;
  const chosen = { "near-normal": ordered.find(normal), skewed: ordered.findLast((contrast) => !normal(contrast)) };
  const { repetitions } = settings;
  const error = monteCarloError(LEVEL, repetitions);
  const results: Coverage[] = [];
  for (const data of ["near-normal", "skewed"] as const) {
    const contrast = chosen[data];
    if (contrast === undefined) continue;
    const { name, skewness, excessKurtosis } = contrast;
    for (const clusters of SIZES[data]) {
      const shares = await covered(contrast, clusters, settings);
      const right = Object.values(shares).every((share) => Math.abs(share - LEVEL) <= TOLERANCE + 2 * error);
      const holds = data === "near-normal" ? right : null;
      const shape = { data, contrast: name, skewness, excessKurtosis };
      results.push({ ...shape, clusters, repetitions, ...shares, error, holds });
    }
  }
  return results;
}

/** Contrasts A and B of all that has the values, texts that are right and wrong alike. */
function contrasts(table: Table, margin: number, layer: string): ClusteredContrast[] {
  const measures = [
    { name: DISTRIBUTION, better: "lower", layer: "" },
    { name: STATES, better: "higher", layer },
  ] as const;
  const named = table.conditions.filter(({ role }) => role === "ceiling" || role === "foil").map(({ name }) => name);
  return named.flatMap((condition) => {
    const closeness = measures.map((measure) => {
      const of = (name: string) => losses(table, name, measure, measure.layer);
      const floor = bestFloor(table, condition, measure, measure.layer)?.column ?? [];
      const by = (low: number, high: number, own: number) => (1 - margin) * low + margin * high - own;
      return clustered(`A ${measure.name}, ${condition}`, table, [floor, of("paraphrase"), of(condition)], by);
    });
    const facts = [condition, "decoy", "paraphrase"].map((name) => table.column(name, FACT));
    const by = (own: number, decoy: number, paraphrase: number) => own - decoy - margin * (paraphrase - decoy);
    return [...closeness, clustered(`B fact, ${condition}`, table, facts, by)].flatMap((contrast) => contrast ?? []);
  });
}

function clustered(
  name: string,
  table: Table,
  columns: readonly Column[],
  by: (...values: number[]) => number,
): ClusteredContrast | null {
  const { values, clusters } = combine(table.clusters, columns, by);
  const grouped = [...Map.groupBy(values.keys(), (i) => clusters[i]).values()].map((members) =>
    members.map((i) => values[i] as number),
  );
  const means = grouped.map((members) => mean(members));
  // Skewness and kurtosis need some values that differ.
  if (grouped.length < 4 || new Set(means).size < 2) return null;
  const shape = { skewness: sampleSkewness(means), excessKurtosis: sampleKurtosis(means) };
  return { name, truth: mean(values), clusters: grouped, ...shape };
}

async function covered(
  { name, truth, clusters }: ClusteredContrast,
  size: number,
  { repetitions, seed, progress, signal }: CoverageSettings,
): Promise<Pick<Coverage, "clusterT" | "bootstrapT">> {
  const random = generatorFor(seed, "audit coverage", name, String(size));
  let [clusterT, bootstrapT] = [0, 0];
  let draws = new ClusterResampler(seedFor(seed, name), RESAMPLES);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    if (repetition % SHARING === 0) {
      draws = new ClusterResampler(seedFor(seed, name, String(size), String(repetition)), RESAMPLES);
      progress?.(`intervals of ${size} clusters`, repetition, repetitions);
      await setImmediate();
      signal?.throwIfAborted();
    }
    const values: number[] = [];
    const labels: string[] = [];
    for (let copy = 0; copy < size; copy++) {
      for (const value of clusters[uniformInt(random, 0, clusters.length - 1)] ?? []) {
        values.push(value);
        labels.push(String(copy));
      }
    }
    const holds = (interval: { readonly low: number; readonly high: number }) =>
      interval.low <= truth && truth <= interval.high;
    const t = clusterMean(values, labels, { level: LEVEL });
    const bootstrap = studentisedBootstrap(values, labels, draws, LEVEL);
    if (t.defined && holds(t)) clusterT++;
    if (bootstrap.defined && bootstrap.interval.defined && holds(bootstrap.interval)) bootstrapT++;
  }
  return { clusterT: clusterT / repetitions, bootstrapT: bootstrapT / repetitions };
}
