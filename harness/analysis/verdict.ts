/**
 * The verdict on one condition in one frame: four parts, each a one-sided test at α on per-item contrasts, all of
 * which must hold (docs/methodology.md, "The verdict"). ℓ is a loss, m the margin.
 *
 *   A closeness  (1−m)·ℓ(floor) + m·ℓ(paraphrase) − ℓ(c) > 0, for the distribution (K, and j where it was asked for)
 *                and for the states
 *   B fact       [Λ(c) − Λ(decoy)] − m·[Λ(paraphrase) − Λ(decoy)] > 0
 *   C foils      ℓ(foil) − ℓ(c) > 0 for each foil but the decoy
 *   D tail       share of near items, and of near ones with the fact kept, ≥ the paraphrases' own share − 0.10;
 *                share of lost facts < 0.15, over items on which no paraphrase loses it
 */
import type { Verdict } from "../../suites/Suite.ts";
import { closeness, factKept, type MarginSettings } from "./closeness.ts";
import { type ContrastResult, contrast, testable } from "./contrast.ts";
import type { InstrumentCheck } from "./instrument.ts";
import { DISTRIBUTION, losses, type MeasureKey, STATES } from "./losses.ts";
import { combine, type Table } from "./Table.ts";
import { factTail, tail } from "./tail.ts";

/** Fewer clusters carry no claim. */
export const FEWEST_CLUSTERS = 20;
const KL: MeasureKey = { name: DISTRIBUTION, better: "lower" };

export interface VerdictSettings extends MarginSettings {
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

/** Foils that a condition must beat: those for all, and those made for it; the decoy has its own part. */
function foils(table: Table, condition: string, settings: VerdictSettings): ContrastResult[] {
  const rivals = table.conditions.filter(
    ({ name, role, of }) =>
      role === "foil" && name !== "decoy" && name !== condition && (of === null || of === condition),
  );
  return rivals.flatMap(({ name, of }) => {
    const columns = [losses(table, name, KL, ""), losses(table, condition, KL, "")];
    const { values, clusters } = combine(table.clusters, columns, (foil, own) => foil - own);
    // A foil that can be made for a few items only is no test of the rest.
    if (of !== null && new Set(clusters).size < FEWEST_CLUSTERS) return [];
    // What a failure that no item shows would do is for A and D to reckon with; here two texts are held together.
    return contrast(`C ${name}`, values, clusters, settings, { noise: 2 * (table.noise(KL.name) ?? 0) });
  });
}

const tooFew = (clusters: number) =>
  `${clusters} ${clusters === 1 ? "cluster is" : "clusters are"} too few: a verdict takes at least ${FEWEST_CLUSTERS}`;
const round = (value: number) => (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1));

export function judge(table: Table, condition: string, settings: VerdictSettings): FrameVerdict {
  const { alpha, layer, unobservable } = settings;
  const { frame } = table;
  const hidden = [DISTRIBUTION, STATES].find((measure) => measure in unobservable);
  if (hidden !== undefined) {
    return { frame, verdict: "unobservable", p: null, parts: [], reasons: [`${hidden}: ${unobservable[hidden]}`] };
  }
  const broken = settings.closeness.filter((check) => !check.holds);
  const a = settings.closeness.map(({ measure }) =>
    measure === STATES
      ? closeness(table, condition, { name: measure, better: "higher" }, layer, settings)
      : closeness(table, condition, { name: measure, better: "lower" }, "", settings),
  );
  const b = factKept(table, condition, settings);
  const c = foils(table, condition, settings);
  const d = tail(table, condition, alpha);
  const parts = [...a, b, ...c, ...d, factTail(table, condition, alpha)];
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
  // What is needed is reckoned for a t test; where skewness or rare failures stand in the way, nobody knows how many.
  const needed =
    part.itemsNeeded === null
      ? "no number of items would do if the effect is as observed"
      : part.itemsNeeded <= part.n
        ? "more items may do"
        : `about ${part.itemsNeeded} items would do`;
  return `${part.name} is undecided (t = ${round(part.t)}, p = ${part.p.toPrecision(2)}, n = ${part.n}): ${needed}`;
}
