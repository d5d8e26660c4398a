/**
 * The verdict on one condition in one frame: four parts, each a one-sided test at α on per-item contrasts, all of
 * which must hold (docs/methodology.md, "The verdict"). ℓ is a loss, m the margin.
 *
 *   A closeness  (1−m)·ℓ(floor) + m·ℓ(paraphrase) − ℓ(c) > 0, for the distribution and for the states
 *   B fact       [Λ(c) − Λ(decoy)] − m·[Λ(paraphrase) − Λ(decoy)] > 0
 *   C foils      ℓ(foil) − ℓ(c) > 0 for each foil but the decoy
 *   D tail       share of near items, and of near ones with the fact kept, ≥ the paraphrases' own share − 0.10
 */
import { quantile } from "simple-statistics";
import type { Verdict } from "../../suites/Suite.ts";
import { boundedScore } from "../statistics/boundedScore.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { studentUpperTail } from "../statistics/studentT.ts";
import { type ContrastResult, contrast, itemsNeeded, type TestSettings, testable } from "./contrast.ts";
import type { InstrumentCheck } from "./instrument.ts";
import { bestFloor, DISTRIBUTION, FACT, losses, type MeasureKey, STATES } from "./losses.ts";
import { type Column, combine, type Table } from "./Table.ts";

export const TAIL_ALLOWANCE = 0.1;
/** Fewer clusters carry no claim. */
export const FEWEST_CLUSTERS = 20;
const KL: MeasureKey = { name: DISTRIBUTION, better: "lower" };
const EXPLAINED: MeasureKey = { name: STATES, better: "higher" };

export interface VerdictSettings extends TestSettings {
  readonly margin: number;
  readonly layer: string;
  readonly closeness: readonly InstrumentCheck[];
  readonly fact: InstrumentCheck;
  /** Measures that the provider cannot show. */
  readonly unobservable: Readonly<Record<string, string>>;
}

export interface FrameVerdict {
  readonly frame: string;
  readonly verdict: Verdict;
  /** Of the claim that the verdict word makes; null where it claims nothing. */
  readonly p: number | null;
  readonly parts: readonly ContrastResult[];
  readonly reasons: readonly string[];
}

/** A contrast that forms from its own column, with the worst and the best that may stand in its place. */
function judged(
  name: string,
  table: Table,
  columns: { readonly own: Column; readonly worst: Column; readonly best: Column; readonly rest: readonly Column[] },
  by: (own: number, ...rest: number[]) => number,
  settings: VerdictSettings,
  noise: number | null,
): ContrastResult {
  const all = [columns.own, columns.worst, columns.best, ...columns.rest];
  const put = (place: 0 | 1 | 2) => combine(table.clusters, all, (...row) => by(row[place] as number, ...row.slice(3)));
  const { values, clusters } = put(0);
  const extremes = { worst: put(1).values, best: put(2).values };
  // The coefficients of a contrast add up to 2 in magnitude, so its error is at most twice that of its values.
  return contrast(name, values, clusters, settings, { extremes, noise: 2 * (noise ?? 0) });
}

function closeness(
  table: Table,
  condition: string,
  measure: MeasureKey,
  layer: string,
  settings: VerdictSettings,
): ContrastResult {
  const { margin } = settings;
  const name = `A ${measure.name}`;
  const floor = bestFloor(table, condition, measure, layer);
  if (floor === null) return { name, untestable: "there is no floor" };
  if (!table.has("paraphrase")) return { name, untestable: "there is no paraphrase to serve as ceiling" };
  const [own, best, paraphrase] = [condition, "original", "paraphrase"].map((of) =>
    losses(table, of, measure, layer),
  ) as [Column, Column, Column];
  return judged(
    name,
    table,
    { own, best, worst: floor.column, rest: [floor.column, paraphrase] },
    (mine, low, high) => (1 - margin) * (low as number) + margin * (high as number) - mine,
    settings,
    table.noise(measure.name, layer),
  );
}

function factKept(table: Table, condition: string, settings: VerdictSettings): ContrastResult {
  const { margin } = settings;
  const [own, best, decoy, paraphrase] = [condition, "original", "decoy", "paraphrase"].map((name) =>
    table.column(name, FACT),
  ) as [Column, Column, Column, Column];
  return judged(
    "B fact",
    table,
    { own, best, worst: decoy, rest: [decoy, paraphrase] },
    (mine, low, high) => mine - (low as number) - margin * ((high as number) - (low as number)),
    settings,
    table.noise(FACT),
  );
}

/** Foils that a condition must beat: those for all, and those made for it; the decoy has its own part. */
function foils(table: Table, condition: string, settings: VerdictSettings): ContrastResult[] {
  const rivals = table.conditions.filter(
    ({ name, role, of }) =>
      role === "foil" && name !== "decoy" && name !== condition && (of === null || of === condition),
  );
  return rivals.map(({ name }) => {
    const columns = [losses(table, name, KL, ""), losses(table, condition, KL, "")];
    const { values, clusters } = combine(table.clusters, columns, (foil, own) => foil - own);
    // What a failure that no item shows would do is for A and D to reckon with; here two texts are held together.
    return contrast(`C ${name}`, values, clusters, settings, { noise: 2 * (table.noise(KL.name) ?? 0) });
  });
}

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
function tail(table: Table, condition: string, { alpha }: VerdictSettings): ContrastResult[] {
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

const tooFew = (clusters: number) => `${clusters} clusters are too few: a verdict takes at least ${FEWEST_CLUSTERS}`;
const round = (value: number) => (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1));

export function judge(table: Table, condition: string, settings: VerdictSettings): FrameVerdict {
  const { alpha, layer, unobservable } = settings;
  const { frame } = table;
  const hidden = [DISTRIBUTION, STATES].find((measure) => measure in unobservable);
  if (hidden !== undefined) {
    return { frame, verdict: "unobservable", p: null, parts: [], reasons: [`${hidden}: ${unobservable[hidden]}`] };
  }
  const broken = settings.closeness.filter((check) => !check.holds);
  const a = [closeness(table, condition, KL, "", settings), closeness(table, condition, EXPLAINED, layer, settings)];
  const b = factKept(table, condition, settings);
  const c = foils(table, condition, settings);
  const d = tail(table, condition, settings);
  const parts = [...a, b, ...c, ...d];
  // Too few items to check the measures by, or none with a ceiling: nothing was shown, not even that they fail.
  const clusters = Math.min(
    new Set(table.clusters).size,
    ...[...a, ...c, ...d].filter(testable).map((part) => part.clusters),
  );
  if (clusters < FEWEST_CLUSTERS)
    return { frame, verdict: "inconclusive", p: null, parts, reasons: [tooFew(clusters)] };
  if (!table.has("paraphrase")) {
    return {
      frame,
      verdict: "inconclusive",
      p: null,
      parts,
      reasons: broken.flatMap((check) => check.reasons).slice(0, 1),
    };
  }
  if (broken.length > 0) {
    return { frame, verdict: "instrument-failed", p: null, parts, reasons: broken.flatMap((check) => check.reasons) };
  }
  const holds = (result: ContrastResult) => testable(result) && result.p < alpha;
  const conclude = (verdict: Verdict, p: number | null, reasons: string[] = []): FrameVerdict => ({
    frame,
    verdict,
    p,
    parts,
    reasons,
  });
  const largestP = (results: readonly ContrastResult[]) =>
    Math.max(...results.map((result) => (testable(result) ? result.p : 1)));

  const factTested = settings.fact.holds && testable(b) && b.clusters >= FEWEST_CLUSTERS;
  if (parts.every(holds) && factTested) return conclude("equivalent", largestP(parts));
  if (a.every(holds) && factTested && b.pBelow < alpha) {
    return conclude("near-copy, fact lost", Math.max(largestP(a), b.pBelow), [
      `the changed fact is lost (t = ${round(b.t)})`,
    ]);
  }
  // "Different" needs only one part to be clearly negative: so many chances, so many times the p-value.
  const against = [...a, ...c].filter(testable);
  const smallest = against.reduce(
    (least, part) => (part.pBelow < least.pBelow ? part : least),
    against[0] as (typeof against)[number],
  );
  if (smallest && smallest.pBelow * against.length < alpha) {
    return conclude("different", smallest.pBelow * against.length, [
      `${smallest.name} is clearly below 0 (t = ${round(smallest.t)})`,
    ]);
  }
  if (!factTested && [...a, ...c, ...d].every(holds)) {
    const why = settings.fact.holds
      ? [testable(b) ? `fact: ${tooFew(b.clusters)}` : b.untestable]
      : settings.fact.reasons;
    return conclude("close, fact untested", largestP([...a, ...c, ...d]), [...why]);
  }
  const undecided = parts.filter((part) => !holds(part));
  return conclude("inconclusive", null, undecided.map(describeUndecided));
}

function describeUndecided(part: ContrastResult): string {
  if (!testable(part)) return `${part.name}: ${part.untestable}`;
  const needed =
    part.itemsNeeded === null
      ? "no number of items would do if the effect is as observed"
      : `about ${part.itemsNeeded} items would do`;
  return `${part.name} is undecided (t = ${round(part.t)}, p = ${part.p.toPrecision(2)}, n = ${part.n}): ${needed}`;
}
