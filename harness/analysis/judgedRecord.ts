import type { RunRecord } from "../RunRecord.ts";
import type { JudgedRecord } from "./judges.ts";

/** What of a run's record its judges are judged by; null where it has none. */
export function judgedRecord({ manifest, ratings }: RunRecord): JudgedRecord | null {
  if (manifest.judges === undefined || ratings === undefined) return null;
  const clusters = new Map(manifest.items.map(({ id, cluster }) => [id, cluster]));
  return {
    ...ratings,
    judges: manifest.judges,
    clusterOf: (item) => clusters.get(item) ?? item,
    seed: manifest.suite.seed,
  };
}
