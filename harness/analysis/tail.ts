/** Part D of a verdict: how many items may go wrong (verdict.ts). */
import { quantile } from "simple-statistics";
import { boundedScore } from "../statistics/boundedScore.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { studentUpperTail } from "../statistics/studentT.ts";
import { type ContrastResult, itemsNeeded } from "./contrast.ts";
import { DISTRIBUTION, FACT, losses } from "./losses.ts";
import { type Column, combine, type Table } from "./Table.ts";

export const TAIL_ALLOWANCE = 0.1;
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

/**
 * Two shares, each held against the paraphrases' own: items that are near, and near with the fact kept. The second alone
 * would let every fifth item go wrong where paraphrases often lose the fact.
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
    const own = passes(table, condition, limit);
    const shares = paraphrases(table).map((paraphrase) => passes(table, paraphrase, limit));
    const ceiling = own.map((_, i) => {
      const present = shares.flatMap((column) => column[i] ?? []);
      return present.length > 0 ? present.reduce((a, b) => a + b, 0) / present.length : null;
    });
    const { values, clusters } = combine(table.clusters, [own, ceiling], (mine, theirs) => mine - theirs);
    return shareContrast(name, values, clusters, alpha);
  });
}

/**
 * Do shares of good items, paired by item, differ by less than the allowance? A score test, since few items differ,
 * often none, and their own spread then says too little; and a cluster t test whose standard error is at least what
 * a difference of the allowance would take, since the score test takes items as independent.
 */
function shareContrast(
  name: string,
  differences: readonly number[],
  clusters: readonly string[],
  alpha: number,
): ContrastResult {
  if (differences.length === 0) return { name, untestable: "no item has all the values it needs" };
  const estimate = clusterMean(
    differences.map((value) => value + TAIL_ALLOWANCE),
    clusters,
  );
  if (!estimate.defined) return { name, untestable: estimate.reason };
  const score = boundedScore(differences, { low: -1, high: 1 }, -TAIL_ALLOWANCE);
  if (!score.defined) return { name, untestable: score.reason };
  const { n, mean, df } = estimate;
  const se = Math.max(estimate.se, Math.sqrt((TAIL_ALLOWANCE * (1 - TAIL_ALLOWANCE)) / n));
  const t = mean / se;
  const base = { name, n, clusters: estimate.clusters, mean, se, t };
  return {
    ...base,
    p: Math.max(score.p, studentUpperTail(t, df)),
    pBelow: Math.max(score.pBelow, studentUpperTail(-t, df)),
    itemsNeeded: itemsNeeded(base, alpha),
  };
}
