/** A smaller set of items that still spans the suite: clusters are the unit of the statistics, topics its strata. */
import type { Item } from "./Suite.ts";

/** Values grouped by key, groups and values in order of appearance. */
function grouped<T>(values: readonly T[], key: (value: T) => string): T[][] {
  return [...Map.groupBy(values, key).values()];
}

/** The first of every list, then the second of every list, and so on. */
function interleaved<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = lists.reduce((length, list) => Math.max(length, list.length), 0);
  return Array.from({ length: longest }, (_, round) => lists.flatMap((list) => list.slice(round, round + 1))).flat();
}

/**
 * At most `count` items, in file order: the first of every cluster, then the second, and so on. Where there are more
 * clusters than that, the first cluster of every topic, then the second, and so on; a cluster counts for the topic of
 * its first item.
 */
export function selectItems(items: readonly Item[], count: number): readonly Item[] {
  const clusters = grouped(items, (item) => item.cluster);
  const byTopic = grouped(clusters, (cluster) => (cluster[0] as Item).topic);
  const kept = new Set(interleaved(count < clusters.length ? interleaved(byTopic) : clusters).slice(0, count));
  return items.filter((item) => kept.has(item));
}
