/**
 * Two runs, paired item by item: what changed, by how much, and whether that is more than noise. A difference counts
 * only beyond the larger of the two runs' noise floors; what the verdicts rest on is tested for each candidate, by both
 * tests, with Holm's correction over all of these; everything else is shown with its own p-value and no claim.
 *
 * Runs with the same settings share their continuations, so much of the Monte Carlo error that the noise floor counts
 * is common to both and cancels: the floor is on the careful side.
 */
import { mean } from "simple-statistics";
import type { Verdict } from "../../suites/Suite.ts";
import type { Role } from "../conditions.ts";
import type { RunRecord } from "../RunRecord.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { holm } from "../statistics/holm.ts";
import { analyze } from "./analyze.ts";
import { type ComparablePair, checkComparable } from "./checkComparable.ts";
import { type ComparedMeasure, comparedMeasures } from "./comparedMeasures.ts";
import { scoreDifference } from "./compareModels.ts";
import { NoiseFloors } from "./NoiseFloors.ts";
import { type PairedDifference, pairedDifference } from "./pairedDifference.ts";
import { type Table, tables } from "./Table.ts";
import { FEWEST_CLUSTERS } from "./verdict.ts";

export interface ItemChange {
  readonly item: string;
  readonly original: string;
  readonly condition: string;
  readonly measure: string;
  readonly layer: string;
  readonly before: number;
  readonly after: number;
}

/** A measure of a condition. `difference` is after − before, in `unit`. */
export interface RunDifference extends PairedDifference {
  readonly condition: string;
  readonly role: Role;
  readonly measure: string;
  readonly layer: string;
  readonly unit: string;
  /** Means over the paired items, or scores. */
  readonly before: number | null;
  readonly after: number | null;
  /** Of the difference of means; null where it was not measured. */
  readonly noise: number | null;
  /** Of one item's difference; null where it was not measured, or scores are compared. */
  readonly itemNoise: number | null;
  /** Items that differ by more than the noise floor of an item; null where scores are compared. */
  readonly changed: number | null;
  readonly tested: boolean;
  readonly adjusted: number | null;
  readonly finding: "closer" | "further" | "below noise" | "";
}

export interface ModelChange {
  readonly before: string;
  readonly after: string;
  readonly scale: ComparablePair["scale"];
  readonly frame: string;
  readonly differences: readonly RunDifference[];
  /** Of the tested measures, beyond the noise floor of an item; measure by measure, the largest first. */
  readonly items: readonly ItemChange[];
  readonly verdicts: readonly { readonly condition: string; readonly before: Verdict; readonly after: Verdict }[];
}

export interface RunComparison {
  /** Items of both runs. */
  readonly items: number;
  readonly alpha: number;
  /** What differs between the runs and may. */
  readonly notes: readonly string[];
  readonly models: readonly ModelChange[];
}

type Undecided = Omit<RunDifference, "adjusted" | "finding"> & { readonly better: "lower" | "higher" };

type Place = Pick<Undecided, "condition" | "role" | "measure" | "layer" | "better" | "tested">;

/** One model in both runs, with what is paired. */
class Pairing {
  readonly pair: ComparablePair;
  readonly tables: readonly [Table, Table];
  readonly rows: readonly [readonly number[], readonly number[]];
  readonly clusters: readonly string[];
  private readonly noise: readonly [NoiseFloors, NoiseFloors];
  private readonly draws: ClusterResampler;

  constructor(records: readonly [RunRecord, RunRecord], pair: ComparablePair, rows: Pairing["rows"]) {
    const [before, after] = records;
    this.pair = pair;
    this.tables = [tables(before, pair.before).all, tables(after, pair.after).all];
    const [one, other] = this.tables;
    this.noise = [new NoiseFloors(before, pair.before, one.frame), new NoiseFloors(after, pair.after, other.frame)];
    this.rows = rows;
    this.clusters = rows[0].map((row) => one.clusters[row] as string);
    this.draws = new ClusterResampler(before.manifest.suite.seed);
  }

  /** The larger of both runs' floors; null where one of them has none. */
  floor(measure: string, layer: string, of: "ofItem" | "ofMean"): number | null {
    const [one, other] = this.noise.map((floors) => floors.of(measure, layer)?.[of]);
    return one === undefined || other === undefined ? null : Math.max(one, other);
  }

  /** Items with both values. */
  values(condition: string, { name, layer }: ComparedMeasure): { row: number; before: number; after: number }[] {
    const [one, other] = this.tables.map((table) => table.column(condition, name, layer));
    return this.rows[0].flatMap((place, row) => {
      const [before, after] = [one?.[place] ?? null, other?.[this.rows[1][row] as number] ?? null];
      return before === null || after === null ? [] : [{ row, before, after }];
    });
  }

  /** Null where neither run has a value. */
  difference(condition: string, role: Role, measure: ComparedMeasure): Undecided | null {
    const { name, layer, unit, better } = measure;
    const place = { condition, role, measure: name, layer, better, tested: measure.tested && role === "candidate" };
    if (this.pair.scale === "scores") return this.scores(place, measure);
    const found = this.values(condition, measure);
    if (found.length === 0) return null;
    const clusters = found.map(({ row }) => this.clusters[row] as string);
    const values = found.map(({ before, after }) => after - before);
    const itemNoise = this.floor(name, layer, "ofItem");
    return {
      ...place,
      unit,
      before: mean(found.map(({ before }) => before)),
      after: mean(found.map(({ after }) => after)),
      noise: this.floor(name, layer, "ofMean"),
      itemNoise,
      changed: values.filter((value) => Math.abs(value) > (itemNoise ?? 0)).length,
      ...pairedDifference(values, clusters, this.draws),
    };
  }

  private scores(place: Place, measure: ComparedMeasure): Undecided | null {
    const { name, layer } = measure;
    const { condition, role } = place;
    if (measure.descriptive || role === "floor" || role === "reference") return null;
    const [one, other] = this.tables;
    const places = [
      { table: other, condition, rows: this.rows[1] },
      { table: one, condition, rows: this.rows[0] },
    ] as const;
    const { paired, scores } = scoreDifference(places, measure, layer, this.clusters, this.draws);
    // The same floor and ceiling on both sides: nothing to compare, and nothing to explain.
    if (scores === null && !place.tested) return null;
    const floors = this.noise.map((floors) => floors.of(name, layer)?.ofMean);
    const [later, earlier] = scores ?? [null, null];
    const noise =
      floors[0] === undefined || floors[1] === undefined || !later || !earlier
        ? null
        : Math.hypot(floors[0] / earlier.span, floors[1] / later.span);
    const [before, after] = [earlier?.score ?? null, later?.score ?? null];
    return {
      ...place,
      better: "higher",
      unit: "score",
      before,
      after,
      noise,
      itemNoise: null,
      changed: null,
      ...paired,
    };
  }
}

function decided({ better, ...raw }: Undecided, adjusted: number | null, alpha: number): RunDifference {
  const { difference, noise, clusters } = raw;
  const finding = (): RunDifference["finding"] => {
    if (difference === null) return "";
    if (difference === 0 || (noise !== null && Math.abs(difference) <= noise)) return "below noise";
    if (adjusted === null || !(adjusted < 2 * alpha) || clusters < FEWEST_CLUSTERS) return "";
    return difference < 0 === (better === "lower") ? "closer" : "further";
  };
  return { ...raw, adjusted, finding: finding() };
}

function itemChanges(
  pairing: Pairing,
  record: RunRecord,
  measures: readonly ComparedMeasure[],
  names: readonly string[],
) {
  if (pairing.pair.scale === "scores") return [];
  return measures
    .filter(({ tested }) => tested)
    .flatMap((measure) => {
      const floor = pairing.floor(measure.name, measure.layer, "ofItem") ?? 0;
      const changes = names.flatMap((condition) =>
        pairing.values(condition, measure).flatMap(({ row, before, after }): ItemChange[] => {
          if (!(Math.abs(after - before) > floor)) return [];
          const item = record.manifest.items[pairing.rows[0][row] as number];
          const place = { condition, measure: measure.name, layer: measure.layer };
          return [{ item: item?.id ?? "", original: item?.original ?? "", ...place, before, after }];
        }),
      );
      return changes.sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
    });
}

/** Every measure in each of its bands, where it is observed in both runs. */
function measuresOf(records: readonly [RunRecord, RunRecord], { before, after }: ComparablePair): ComparedMeasure[] {
  const headline = comparedMeasures(records[0], [before, after]);
  const both = records[0].manifest.measures.filter(
    ({ name }) =>
      !(name in before.unobservable) &&
      !(name in after.unobservable) &&
      records[1].manifest.measures.some((other) => other.name === name),
  );
  return both.flatMap((measure) =>
    (measure.perLayer ? before.bands.map(({ name }) => name) : [""]).map((layer) => {
      const tested = headline.some((known) => known.name === measure.name && known.layer === layer && known.tested);
      return { ...measure, layer, tested };
    }),
  );
}

/** @throws ExpectedError `not-comparable`, `run-incomplete`. */
export function compareRuns(before: RunRecord, after: RunRecord): RunComparison {
  const { models, items, notes } = checkComparable(before, after);
  const records = [before, after] as const;
  const { alpha } = before.manifest.suite;
  const rows = [items.map((item) => item.before), items.map((item) => item.after)] as const;
  const analyses = records.map(analyze);
  const verdictsOf = (k: 0 | 1, reference: string) =>
    analyses[k]?.models.find(({ model }) => model.identity.reference === reference)?.candidates ?? [];
  const compared = models.map((pair) => {
    const pairing = new Pairing(records, pair, rows);
    const [one, other] = pairing.tables;
    const measures = measuresOf(records, pair);
    const conditions = one.conditions.filter(({ name }) => name !== "identity" && other.has(name));
    const differences = conditions.flatMap(({ name, role }) =>
      measures.flatMap((measure) => pairing.difference(name, role, measure) ?? []),
    );
    const candidates = conditions.filter(({ role }) => role === "candidate").map(({ name }) => name);
    const [earlier, later] = [
      verdictsOf(0, pair.before.identity.reference),
      verdictsOf(1, pair.after.identity.reference),
    ];
    const verdicts = earlier.flatMap(({ condition, verdict }) => {
      const now = later.find((found) => found.condition === condition);
      return now ? [{ condition, before: verdict, after: now.verdict }] : [];
    });
    return { pair, frame: one.frame, differences, verdicts, items: itemChanges(pairing, before, measures, candidates) };
  });
  const family = compared.flatMap(({ differences }) => differences).filter(({ tested }) => tested);
  const adjusted = holm(family.map(({ p }) => p ?? 1));
  const of = new Map(family.map((raw, i) => [raw, raw.p === null ? null : (adjusted[i] as number)]));
  return {
    items: items.length,
    alpha,
    notes,
    models: compared.map(({ pair, differences, ...rest }) => ({
      before: pair.before.identity.reference,
      after: pair.after.identity.reference,
      scale: pair.scale,
      ...rest,
      differences: differences.map((raw) => decided(raw, of.get(raw) ?? null, alpha)),
    })),
  };
}
