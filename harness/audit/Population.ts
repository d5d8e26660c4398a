/** The run that suites are drawn from, and what is planted in them. */
import { EXIT, ExpectedError } from "../../errors.ts";
import { type TestSettings, testable } from "../analysis/contrast.ts";
import { checkAllCloseness, checkFact } from "../analysis/instrument.ts";
import type { Table } from "../analysis/Table.ts";
import { FEWEST_CLUSTERS, judge, type VerdictSettings } from "../analysis/verdict.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { type ItemValues, tablesOf } from "./ItemValues.ts";
import { type Plant, type PlantName, plants } from "./plants.ts";

/** Bootstrap resamples of each test; a run takes 9,999. */
export const RESAMPLES = 999;

export interface Population {
  readonly source: ItemValues;
  /** Each item once. */
  readonly table: Table;
  /** Indices of each cluster's items. */
  readonly clusters: readonly (readonly number[])[];
  readonly planted: Readonly<Record<PlantName, Plant>>;
}

/** Throws ExpectedError `audit-instrument` where the run's own controls fail: its verdicts claim nothing. */
export function populationOf(source: ItemValues): Population {
  const { manifest, model } = source;
  const { alpha, margin, seed } = manifest.suite;
  const clusters = [...Map.groupBy(manifest.items.keys(), (i) => manifest.items[i]?.cluster).values()];
  const once = manifest.items.map(({ cluster }, index) => ({ index, cluster, planted: {} }));
  const table = tablesOf(source, once, []).all;
  const settings = settingsFor(table, source, { alpha, draws: new ClusterResampler(seed, RESAMPLES) });
  const failed = [...settings.closeness, settings.fact].flatMap(({ reasons, holds }) => (holds ? [] : reasons));
  if (failed.length > 0 || clusters.length < FEWEST_CLUSTERS) {
    throw new ExpectedError({
      code: "audit-instrument",
      message: `nothing is claimed of this run, so there is nothing to audit: ${failed[0] ?? `${clusters.length} clusters are too few`}`,
      hint: "audit a run in which the controls hold; without a folder the built-in values are taken",
      exit: EXIT.instrument,
    });
  }
  // The original is good on every item: what part D leaves it is how many bad ones would be let through.
  const tail = judge(table, "original", settings).parts.find(({ name }) => name === "D tail");
  if (tail === undefined || !testable(tail)) throw new Error("part D was not tested on the original");
  const planted = plants({ table, margin, layer: model.headlineBand, leastGood: 1 - tail.mean });
  return { source, table, clusters, planted };
}

/** Of verdicts on a table of the run's items, with the instrument checks that it passes. */
export function settingsFor(table: Table, { manifest, model }: ItemValues, tests: TestSettings): VerdictSettings {
  const layer = model.headlineBand;
  const closeness = checkAllCloseness(table, layer, tests);
  const { margin } = manifest.suite;
  return { ...tests, margin, layer, closeness, fact: checkFact(table, tests), unobservable: {} };
}
