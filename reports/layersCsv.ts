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

/** n, value, low, high, reason. */
function stateCells(column: Curve, clusters: readonly string[]): Cell[] {
  const present = column.flatMap((value, i) => (value === null ? [] : [{ value, cluster: clusters[i] as string }]));
  if (present.length === 0) return [0, null, null, null, "no item has a value"];
  const values = present.map(({ value }) => value);
  const estimate = clusterMean(
    values,
    present.map(({ cluster }) => cluster),
  );
  if (!estimate.defined) return [values.length, mean(values), null, null, `interval: ${estimate.reason}`];
  return [values.length, mean(values), estimate.low, estimate.high, ""];
}

function placeRows(record: RunRecord, { model, frame, batches }: Place): Cell[][] {
  const { suite, items, measures } = record.manifest;
  const clusters = items.map(({ cluster }) => cluster);
  return conditionsOf(record, model).flatMap(({ name, members }) =>
    measures.flatMap((measure) => {
      const curves = batches.map((batch) =>
        meanCurve(members.flatMap((member) => [batch?.conditions[member]?.curves[measure.name] ?? []])),
      );
      const states = Math.max(0, ...curves.map((curve) => curve.length));
      return Array.from({ length: states }, (_, state) => {
        const column = curves.map((curve) => curve[state] ?? null);
        return [
          suite.name,
          model.identity.reference,
          frame,
          name,
          measure.name,
          state,
          ...stateCells(column, clusters),
        ];
      });
    }),
  );
}

/** `layer` is the index of the state: 0 the embedding, N the one after block N. */
export function layersCsv(record: RunRecord): string {
  return csvText(
    COLUMNS,
    batchesInOrder(record).flatMap((place) => placeRows(record, place)),
  );
}
