/** Part D of a verdict: how many items may go wrong (verdict.ts). */
import { mean, quantile } from "simple-statistics";
import { boundedScore } from "../statistics/boundedScore.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { studentUpperTail } from "../statistics/studentT.ts";
import { type ContrastResult, itemsNeeded } from "./contrast.ts";
import { DISTRIBUTION, FACT, losses } from "./losses.ts";
import { type Column, combine, type Table } from "./Table.ts";

export const TAIL_ALLOWANCE = 0.1;
/** Of the items on which paraphrases never lose the fact. */
const FACT_ALLOWANCE = 0.15;
const KL = { name: DISTRIBUTION, better: "lower" } as const;

const paraphrases = (table: Table) =>
  table.conditions.filter(({ name }) => name.startsWith("paraphrase-")).map(({ name }) => name);

/** The 95th percentile of all paraphrases' K, nats; null where there is none. */
export function goodLimit(table: Table): number | null {
  const all = paraphrases(table).flatMap((name) =>
    losses(table, name, KL, "").filter((value): value is number => value !== null),
  );
  return all.length === 0 ? null : quantile(all, 0.95);
}

/** Whether each item is as close as 95 % of paraphrases are; null where that is unknown. */
const near = (table: Table, condition: string, limit: number): Column =>
  losses(table, condition, KL, "").map((value) => (value === null ? null : value <= limit ? 1 : 0));

/** Whether each item is near with its fact kept; null where that is unknown. */
export function good(table: Table, condition: string, limit: number): Column {
  const [own, original, decoy] = [condition, "original", "decoy"].map((name) => table.column(name, FACT));
  return near(table, condition, limit).map((value, i) => {
    if (value === null) return null;
    const [c, x, d] = [own?.[i] ?? null, original?.[i] ?? null, decoy?.[i] ?? null];
    const kept = x === null || d === null ? true : c !== null && Math.abs(c - x) < Math.abs(c - d);
    return kept ? value : 0;
  });
}

/** Of the way from the decoy to the original, where a fact counts as lost: within a quarter of the decoy. */
const LOST = 0.25;

/**
 * Whether each item's fact survives, over items on which it can be seen: the original lies above the decoy and every
 * paraphrase keeps it. Null elsewhere; lost where the condition has no Λ.
 */
function keepsFact(table: Table, condition: string): Column {
  const [own, original, decoy] = [condition, "original", "decoy"].map((name) => table.column(name, FACT));
  const ceilings = paraphrases(table).map((name) => table.column(name, FACT));
  return (original ?? []).map((x, i) => {
    const d = decoy?.[i] ?? null;
    if (x === null || d === null || x <= d || ceilings.length === 0) return null;
    const keeps = (value: number | null) => value !== null && (value - d) / (x - d) >= LOST;
    if (!ceilings.every((column) => keeps(column[i] ?? null))) return null;
    return keeps(own?.[i] ?? null) ? 1 : 0;
  });
}

/**
 * Shares of items, each held against the paraphrases' own: those that are near, and those that are near with the fact
 * kept. An item that the code declines counts as failed, since the claim is about all items.
 */
export function tail(table: Table, condition: string, alpha: number): ContrastResult[] {
  const limit = goodLimit(table);
  return (
    [
      ["D near", near],
      ["D tail", good],
    ] as const
  ).map(([name, passes]) => {
    if (limit === null) return { name, untestable: "there is no paraphrase to take the 95th percentile of" };
    const own = passes(table, condition, limit).map((value) => value ?? 0);
    const shares = paraphrases(table).map((paraphrase) => passes(table, paraphrase, limit));
    const ceiling = own.map((_, i) => {
      const present = shares.flatMap((column) => column[i] ?? []);
      return present.length > 0 ? present.reduce((a, b) => a + b, 0) / present.length : null;
    });
    const { values, clusters } = combine(table.clusters, [own, ceiling], (mine, theirs) => mine - theirs);
    return shareContrast(name, values, clusters, TAIL_ALLOWANCE, alpha);
  });
}

/** Is the fact lost on less than FACT_ALLOWANCE of the items on which it can be seen? */
export function factTail(table: Table, condition: string, alpha: number): ContrastResult {
  const { values, clusters } = combine(table.clusters, [keepsFact(table, condition)], (kept) => kept - 1);
  return shareContrast("D fact", values, clusters, FACT_ALLOWANCE, alpha);
}

/**
 * Do shares of good items, paired by item, differ by less than the allowance? Three tests must agree: a score test over
 * items, since few of them differ, often none, and their own spread then says too little; the same over cluster means,
 * since failures may come by the cluster; and a cluster t test whose standard error is at least what a difference of the
 * allowance would take.
 */
function shareContrast(
  name: string,
  differences: readonly number[],
  clusters: readonly string[],
  allowance: number,
  alpha: number,
): ContrastResult {
  if (differences.length === 0) return { name, untestable: "no item has all the values it needs" };
  const estimate = clusterMean(
    differences.map((value) => value + allowance),
    clusters,
  );
  if (!estimate.defined) return { name, untestable: estimate.reason };
  const byCluster = Map.groupBy(differences.keys(), (i) => clusters[i] as string);
  const means = [...byCluster.values()].map((members) => mean(members.map((i) => differences[i] as number)));
  const scores = [differences, means].map((values) => boundedScore(values, { low: -1, high: 1 }, -allowance));
  const { n, mean: above, df } = estimate;
  const se = Math.max(estimate.se, Math.sqrt((allowance * (1 - allowance)) / n));
  const t = above / se;
  const base = { name, n, clusters: estimate.clusters, mean: above, se, t };
  const largest = (side: "p" | "pBelow", byT: number) =>
    Math.max(byT, ...scores.map((score) => (score.defined ? score[side] : 1)));
  return {
    ...base,
    p: largest("p", studentUpperTail(t, df)),
    pBelow: largest("pBelow", studentUpperTail(-t, df)),
    itemsNeeded: itemsNeeded(base, alpha),
  };
}
