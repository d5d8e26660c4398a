/**
 * Measures that give one number for all items of a frame at once (SetMeasure), as values of single items: a report
 * averages items and knows their clusters, so each cluster's first item carries the cluster's jackknife value
 *
 *   v_g = θ + (G − 1)(θ̄ − θ_(g)),   θ̄ = mean_g θ_(g),
 *
 * with θ the number over all items and θ_(g) that without cluster g of G. Their mean is θ, and their standard error as
 * one value a cluster is the delete-cluster jackknife's, √((G − 1)/G Σ (θ_(g) − θ̄)²), with G − 1 degrees of freedom
 * (Tukey's pseudo-values, without the correction of bias; Efron & Tibshirani 1993, (11.5) and 11.5). Resampling with
 * repetitions would not do: a repeated item is its own nearest neighbour.
 */
import type { Item } from "../suites/Suite.ts";
import type { CorpusGeometry } from "./CorpusGeometry.ts";
import type { RecordedValue } from "./evaluate.ts";
import type { StatesByCondition } from "./frameStates.ts";
import type { Measure, PairStatistic, SetMeasure } from "./Measure.ts";
import { type Band, bandStates, middleOf } from "./Reading.ts";
import { defined, undefinedBecause, type Value } from "./Value.ts";

/** By cluster. */
function jackknifeValues(statistic: PairStatistic, clusters: readonly string[], reason: string): Map<string, Value> {
  const names = [...new Set(clusters)];
  const all = clusters.map((_, i) => i);
  const whole = statistic(all);
  if (whole === null) return new Map(names.map((name) => [name, undefinedBecause(reason)]));
  // One cluster shows the number, and no interval.
  if (names.length === 1) return new Map(names.map((name) => [name, defined(whole)]));
  const left = names.map((name) => statistic(all.filter((i) => clusters[i] !== name)));
  const broken = left.indexOf(null);
  if (broken >= 0) {
    const without = `without cluster ${names[broken]}: ${reason}`;
    return new Map(names.map((name) => [name, undefinedBecause(without)]));
  }
  const values = left as number[];
  const mean = values.reduce((sum, value) => sum + value / names.length, 0);
  return new Map(
    names.map((name, g) => [name, defined(whole + (names.length - 1) * (mean - (values[g] as number)))] as const),
  );
}

/** Values by condition and item: [items] lists of recorded values. */
export function setMeasures(
  items: readonly Item[],
  byCondition: StatesByCondition,
  bands: readonly Band[],
  geometry: ReadonlyMap<number, CorpusGeometry>,
  measures: readonly Measure[],
): Map<string, RecordedValue[][]> {
  const wanted = measures.filter((measure): measure is SetMeasure => measure.kind === "set");
  const indices = bandStates(bands);
  const originals = byCondition.get("original") ?? [];
  const out = new Map([...byCondition.keys()].map((name) => [name, items.map(() => [] as RecordedValue[])]));
  for (const [condition, states] of byCondition) {
    const both = items.flatMap((_, i) => (states[i] && originals[i] ? [i] : []));
    const clusters = both.map((i) => (items[i] as Item).cluster);
    for (const band of bands) {
      const state = middleOf(band);
      const at = (all: StatesByCondition extends ReadonlyMap<string, infer T> ? T : never) =>
        both.map((i) => all[i]?.[indices.indexOf(state)] as Float32Array);
      const [one, other] = [at(originals), at(states)];
      for (const measure of wanted) {
        const statistic = measure.over(one, other, geometry.get(state)?.axes ?? []);
        for (const [cluster, value] of jackknifeValues(statistic, clusters, measure.undefinedReason)) {
          const carrier = both[clusters.indexOf(cluster)] as number;
          out.get(condition)?.[carrier]?.push({ measure: measure.name, layer: band.name, value });
        }
      }
    }
  }
  return out;
}
