/** The rows of results.csv: each measure of each condition with interval, floor, ceiling and score. */
import { mean } from "simple-statistics";
import type { Role } from "../conditions.ts";
import type { MeasureDescription, RunRecord } from "../RunRecord.ts";
import { clusterMean } from "../statistics/clusterMean.ts";
import { clusterRatio } from "../statistics/fieller.ts";
import { closeness } from "./closeness.ts";
import { type TestSettings, testable } from "./contrast.ts";
import { bestFloor, DISTRIBUTION, losses } from "./losses.ts";
import { combine, type Table, type TableCondition } from "./Table.ts";

export interface Interval {
  readonly value: number;
  /** 95 %, cluster-robust; null with the reason in `warnings`. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Cell {
  readonly model: string;
  readonly frame: string;
  readonly condition: string;
  readonly role: Role;
  readonly measure: string;
  readonly layer: string;
  readonly unit: string;
  readonly n: number;
  /** Null where no item has a value. */
  readonly estimate: Interval | null;
  readonly floor: number | null;
  readonly ceiling: number | null;
  /** (floor − ℓ) / (floor − ceiling), with a Fieller interval. */
  readonly score: Interval | null;
  /** (floor − ℓ) / (floor − original). */
  readonly identityScore: number | null;
  /** One-sided, of the contrast that part A of the verdict tests; exploratory for other measures. */
  readonly p: number | null;
  readonly warnings: readonly string[];
}

const present = (column: readonly (number | null)[]) => column.filter((value): value is number => value !== null);

/** Scores are formed on items that have all three values, with the sign such that smaller is closer. */
function scored(
  table: Table,
  condition: TableCondition,
  measure: MeasureDescription,
  layer: string,
  margin: number,
  tests: TestSettings,
) {
  const nothing = { floor: null, ceiling: null, score: null, identityScore: null, p: null, warnings: [] as string[] };
  if (measure.descriptive || condition.role === "floor" || condition.role === "reference") return nothing;
  const floor = bestFloor(table, condition.name, measure, layer);
  if (floor === null || !table.has("paraphrase")) return nothing;
  const sign = measure.better === "lower" ? 1 : -1;
  const columns = [
    floor.column,
    losses(table, "paraphrase", measure, layer),
    losses(table, condition.name, measure, layer),
  ];
  const gained = combine(table.clusters, columns, (low, _high, own) => low - own);
  const range = combine(table.clusters, columns, (low, high) => low - high);
  if (gained.values.length === 0) return nothing;
  const lows = combine(table.clusters, columns, (low) => low).values;
  const highs = combine(table.clusters, columns, (_low, high) => high).values;
  const ratio = clusterRatio(gained.values, range.values, gained.clusters);
  const test = closeness(table, condition.name, measure, layer, { ...tests, margin });
  const warnings = [`floor: ${floor.name}`];
  if (!ratio.defined) warnings.push(`score: ${ratio.reason}`);
  const withOriginal = [floor.column, columns[2] ?? [], losses(table, "original", measure, layer)];
  const towards = combine(table.clusters, withOriginal, (low, own) => low - own).values;
  const whole = combine(table.clusters, withOriginal, (low, _own, first) => low - first).values;
  return {
    floor: sign * mean(lows),
    ceiling: sign * mean(highs),
    score:
      ratio.ratio === null
        ? null
        : { value: ratio.ratio, low: ratio.defined ? ratio.low : null, high: ratio.defined ? ratio.high : null },
    identityScore: whole.length === 0 || mean(whole) === 0 ? null : mean(towards) / mean(whole),
    p: testable(test) ? test.p : null,
    warnings,
  };
}

/** The ratio of sums that recoveredInformation.ts defines, and the same against the empty context. */
function informationCells(table: Table, condition: TableCondition): Cell[] {
  const divergence = table.column(condition.name, DISTRIBUTION);
  const against = {
    "recovered-information": table.column("original", "information"),
    "kl-reduction": table.column("empty", DISTRIBUTION),
  };
  return Object.entries(against).flatMap(([measure, base]) => {
    const above = combine(table.clusters, [divergence, base], (value) => value);
    const below = combine(table.clusters, [divergence, base], (_, total) => total);
    // A share of nothing, or of less than nothing, has no meaning.
    if (above.values.length === 0 || mean(below.values) <= 0) return [];
    const ratio = clusterRatio(above.values, below.values, above.clusters);
    const cell: Cell = {
      model: table.model.identity.reference,
      frame: table.frame,
      condition: condition.name,
      role: condition.role,
      measure,
      layer: "",
      unit: "share",
      n: above.values.length,
      estimate:
        ratio.ratio === null
          ? null
          : {
              value: 1 - ratio.ratio,
              low: ratio.defined ? 1 - ratio.high : null,
              high: ratio.defined ? 1 - ratio.low : null,
            },
      floor: null,
      ceiling: null,
      score: null,
      identityScore: null,
      p: null,
      warnings: ratio.defined ? [] : [ratio.reason],
    };
    return [cell];
  });
}

export function cells(record: RunRecord, table: Table, tests: TestSettings): Cell[] {
  const { margin } = record.manifest.suite;
  const { bands, unobservable } = table.model;
  const observed = record.manifest.measures.filter((measure) => !(measure.name in unobservable));
  const list: Cell[] = [];
  for (const condition of table.conditions) {
    for (const measure of observed) {
      for (const layer of measure.perLayer ? bands.map((band) => band.name) : [""]) {
        const column = table.column(condition.name, measure.name, layer);
        const values = present(column);
        if (values.length === 0) continue;
        const { values: kept, clusters } = combine(table.clusters, [column], (value) => value);
        const estimate = clusterMean(kept, clusters);
        const { warnings, ...score } = scored(table, condition, measure, layer, margin, tests);
        const noise = table.noise(measure.name, layer);
        list.push({
          model: table.model.identity.reference,
          frame: table.frame,
          condition: condition.name,
          role: condition.role,
          measure: measure.name,
          layer,
          unit: measure.unit,
          n: values.length,
          estimate: {
            value: mean(values),
            low: estimate.defined ? estimate.low : null,
            high: estimate.defined ? estimate.high : null,
          },
          ...score,
          warnings: [
            ...warnings,
            ...(estimate.defined ? [] : [`interval: ${estimate.reason}`]),
            ...(noise === null ? [] : [`noise floor: ${noise.toPrecision(2)}`]),
          ],
        });
      }
    }
    if (condition.role !== "reference") list.push(...informationCells(table, condition));
  }
  return list;
}
