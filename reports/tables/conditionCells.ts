/** The numbers of a run as cells of a paper table: estimates with intervals, bounds, and reasons where there is none. */
import { mean } from "simple-statistics";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import type { Interval } from "../../harness/analysis/cells.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { clusterMean } from "../../harness/statistics/clusterMean.ts";
import type { Value } from "../../harness/Value.ts";
import type { Missing, PaperCell, PaperNumber } from "./PaperTable.ts";

/** Rows of a table: what is judged, then what gives the scale. */
export interface ShownCondition {
  readonly name: string;
  readonly verdict: string;
}

/** Candidates, the original, the paraphrases' mean, general foils, the floor. */
export function shownConditions({ candidates, foils, cells, model }: ModelAnalysis): ShownCondition[] {
  const general = foils.filter(({ condition }) =>
    model.conditions.some(({ name, of }) => name === condition && of === null),
  );
  const scale = [
    { name: "original", verdict: "(the text itself)" },
    { name: "paraphrase", verdict: "(ceiling)" },
    ...general.map(({ condition, verdict }) => ({ name: condition, verdict })),
    { name: "mismatch", verdict: "(floor)" },
  ].filter(({ name }) => cells.some(({ condition }) => condition === name));
  return [...candidates.map(({ condition, verdict }) => ({ name: condition, verdict })), ...scale];
}

const NO_SPREAD = 1e-6;

/** An interval, or why there is none: values that all agree show no spread, which is no certainty. */
export function paperNumber({ value, low, high }: Interval, reason: string, best = false): PaperNumber {
  const more = best ? { best } : {};
  const alone = { value, low: null, high: null, ...more };
  if (low === null || high === null) return { ...alone, note: `no interval: ${reason}` };
  if (high - low <= NO_SPREAD * Math.abs(value)) return { ...alone, note: "no interval: all items agree" };
  return { value, low, high, ...more };
}

/** Mean over items with a cluster-robust 95 % interval; values and clusters of the same items, [n]. */
export function meanCell(values: readonly number[], clusters: readonly string[], best = false): PaperCell {
  if (values.length === 0) return { missing: "no item has a value" };
  const estimate = clusterMean(values, clusters);
  const ends = estimate.defined ? { low: estimate.low, high: estimate.high } : { low: null, high: null };
  return paperNumber({ value: mean(values), ...ends }, estimate.defined ? "" : estimate.reason, best);
}

const NO_SCORE = "no score: it takes a floor, a paraphrase, and a text that is neither the original nor a floor";
const plural = (n: number) => `${n} ${n === 1 ? "item" : "items"}`;

/** What the items say of a measure that has no mean: a bound where all that is known are bounds, else the reason. */
function withoutMean(
  record: RunRecord,
  reference: string,
  condition: string,
  measure: string,
  layer: string,
): PaperNumber | Missing {
  const values = record.batches
    .filter(({ model, positions }) => model === reference && positions === "natural")
    .flatMap(({ conditions }) =>
      Object.entries(conditions).filter(([name]) => name === condition || name.startsWith(`${condition}-`)),
    )
    .flatMap(([, { values: list }]): Value[] => {
      const found = list.find((entry) => entry.measure === measure && entry.layer === layer);
      return found ? [found.value] : [];
    });
  const bounds = values.flatMap((value) => (value.kind === "bounded" ? [value] : []));
  const [first] = bounds;
  if (first !== undefined && bounds.every(({ bound }) => bound === first.bound)) {
    const value = mean(bounds.map((bound) => bound.value));
    const note = `a ${first.bound} bound, the mean over ${plural(bounds.length)}; no interval`;
    return { value, low: null, high: null, bound: first.bound, note };
  }
  const reasons = [...new Set(values.flatMap((value) => (value.kind === "undefined" ? [value.reason] : [])))];
  return { missing: reasons.length === 0 ? "no item has a value" : reasons.join("; ") };
}

/** A measure's estimate or score in the run's table (its frame, or the mean over frames), or why there is none. */
export function measuredCell(
  record: RunRecord,
  { model, cells }: ModelAnalysis,
  place: {
    readonly frame: string;
    readonly condition: string;
    readonly measure: string;
    readonly of: "estimate" | "score";
    readonly best?: boolean;
  },
): PaperCell {
  const { frame, condition, measure, of } = place;
  const hidden = model.unobservable[measure];
  if (hidden !== undefined) return { missing: `${measure} cannot be observed: ${hidden}` };
  const layer = record.manifest.measures.find(({ name }) => name === measure)?.perLayer ? model.headlineBand : "";
  const cell = cells.find(
    (found) =>
      found.frame === frame && found.condition === condition && found.measure === measure && found.layer === layer,
  );
  if (cell === undefined) return withoutMean(record, model.identity.reference, condition, measure, layer);
  const interval = cell[of];
  const start = of === "score" ? "score: " : "interval: ";
  const reason = cell.warnings.find((warning) => warning.startsWith(start))?.slice(start.length);
  if (interval === null) return { missing: reason === undefined ? NO_SCORE : `no score: ${reason}` };
  return paperNumber(interval, reason ?? "too few clusters", place.best);
}
