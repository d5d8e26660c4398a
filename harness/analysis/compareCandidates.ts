/**
 * Every two candidates of a run on the same model, paired by item: they share the model, its originals and its
 * continuations, so their values are on one scale and are compared as they are, in the measure's own unit.
 */
import type { RunRecord } from "../RunRecord.ts";
import type { ClusterDraws } from "../statistics/ClusterResampler.ts";
import { type ComparedModel, comparedMeasures, GOOD, pairs, type RawComparison } from "./comparedMeasures.ts";
import { nothingPaired, pairedDifference } from "./pairedDifference.ts";
import { pairedShares } from "./pairedShares.ts";
import { combine } from "./Table.ts";
import { good, goodLimit } from "./tail.ts";

export function compareCandidates(
  record: RunRecord,
  models: readonly ComparedModel[],
  draws: ClusterDraws,
): RawComparison[] {
  return models.flatMap(({ entry, table, noise, candidates }) => {
    const measures = comparedMeasures(record, [entry]);
    const limit = goodLimit(table);
    const isGood = new Map(candidates.map((name) => [name, limit === null ? [] : good(table, name, limit)]));
    return pairs(candidates).flatMap(([first, second]): RawComparison[] => {
      const model = entry.identity.reference;
      const place = { kind: "candidates", model, condition: null, first, second, frame: table.frame } as const;
      const rows = measures.map(({ name, layer, unit, better, tested }): RawComparison => {
        const columns = [first, second].map((condition) => table.column(condition, name, layer));
        const { values, clusters } = combine(table.clusters, columns, (one, other) => one - other);
        const paired = pairedDifference(values, clusters, tested ? draws : null);
        return {
          ...place,
          measure: name,
          layer,
          unit,
          better,
          tested,
          noise: noise.of(name, layer)?.ofMean ?? null,
          ...paired,
        };
      });
      const columns = [first, second].map((condition) => isGood.get(condition) ?? []);
      const kept = combine(table.clusters, columns, (one) => one);
      const others = combine(table.clusters, columns, (_, other) => other).values;
      const share =
        limit === null
          ? nothingPaired("no paraphrase has a value of kl")
          : pairedShares(kept.values, others, kept.clusters);
      const more = { measure: GOOD, layer: "", unit: "share of items", better: "higher", noise: null } as const;
      return [...rows, { ...place, ...more, tested: true, ...share }];
    });
  });
}
