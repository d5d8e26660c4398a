/** reports/layers.csv: layer measures at every state, as means over items with cluster-robust 95 % intervals. */
import { mean } from "simple-statistics";
import { tables } from "../harness/analysis/Table.ts";
import type { ModelEntry, RunRecord } from "../harness/RunRecord.ts";
import { clusterMean } from "../harness/statistics/clusterMean.ts";
import { batchesInOrder, type Place } from "./batchesInOrder.ts";
import { type Cell, csvText } from "./csvText.ts";

const COLUMNS = ["suite", "model", "frame", "condition", "measure", "layer", "n", "value", "low", "high", "reason"];

type Curve = readonly (number | null)[];

/** Reported conditions and the observed ones that each stands for: `paraphrase` is the mean of its versions. */
function conditionsOf(record: RunRecord, model: ModelEntry): { name: string; members: string[] }[] {
  const observed = model.conditions.map(({ name }) => name);
  return tables(record, model).all.conditions.map(({ name }) => ({
    name,
    members: observed.includes(name) ? [name] : observed.filter((member) => member.startsWith(`${name}-`)),
  }));
}

/** An item's curve: at each state the mean over the members that have a value there. */
function meanCurve(curves: readonly Curve[]): Curve {
  const states = Math.max(0, ...curves.map((curve) => curve.length));
  return Array.from({ length: states }, (_, state) => {
    const present = curves.flatMap((curve) => curve[state] ?? []);
    return present.length > 0 ? mean(present) : null;
  });
}

export interface LayerPoint {
  readonly model: string;
  readonly frame: string;
  readonly condition: string;
  readonly measure: string;
  /** Index of the state: 0 the embedding, N the one after block N. */
  readonly layer: number;
  readonly n: number;
  /** Mean over items, and its 95 % interval; null with the reason. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly reason: string;
}

type Point = Pick<LayerPoint, "n" | "value" | "low" | "high" | "reason">;

function pointOf(column: Curve, clusters: readonly string[]): Point {
  const present = column.flatMap((value, i) => (value === null ? [] : [{ value, cluster: clusters[i] as string }]));
  if (present.length === 0) return { n: 0, value: null, low: null, high: null, reason: "no item has a value" };
  const values = present.map(({ value }) => value);
  const estimate = clusterMean(
    values,
    present.map(({ cluster }) => cluster),
  );
  const found = { n: values.length, value: mean(values) };
  if (!estimate.defined) return { ...found, low: null, high: null, reason: `interval: ${estimate.reason}` };
  return { ...found, low: estimate.low, high: estimate.high, reason: "" };
}

function placePoints(record: RunRecord, { model, frame, batches }: Place): LayerPoint[] {
  const { items, measures } = record.manifest;
  const clusters = items.map(({ cluster }) => cluster);
  return conditionsOf(record, model).flatMap(({ name: condition, members }) =>
    measures.flatMap(({ name: measure }) => {
      const curves = batches.map((batch) =>
        meanCurve(members.flatMap((member) => [batch?.conditions[member]?.curves[measure] ?? []])),
      );
      const states = Math.max(0, ...curves.map((curve) => curve.length));
      return Array.from({ length: states }, (_, layer) => ({
        ...{ model: model.identity.reference, frame, condition, measure, layer },
        ...pointOf(
          curves.map((curve) => curve[layer] ?? null),
          clusters,
        ),
      }));
    }),
  );
}

/** Layer measures at every state of every condition, in every frame. */
export function layerPoints(record: RunRecord): LayerPoint[] {
  return batchesInOrder(record).flatMap((place) => placePoints(record, place));
}

export function layersCsv(record: RunRecord): string {
  const suite = record.manifest.suite.name;
  const rows = layerPoints(record).map((point): Cell[] => [
    ...[suite, point.model, point.frame, point.condition, point.measure],
    ...[point.layer, point.n, point.value, point.low, point.high, point.reason],
  ]);
  return csvText(COLUMNS, rows);
}
