/** reports/items.csv: every recorded value of every item, and why one is missing. */
import type { RecordedValue } from "../harness/evaluate.ts";
import type { Batch, RunRecord } from "../harness/RunRecord.ts";
import { batchesInOrder } from "./batchesInOrder.ts";
import { type Cell, csvText } from "./csvText.ts";

const COLUMNS = [
  "suite",
  "model",
  "frame",
  "item",
  "cluster",
  "condition",
  "measure",
  "layer",
  "value",
  "bound",
  "reason",
];

/** Measure, layer, value, bound, reason. */
function valueCells({ measure, layer, value }: RecordedValue): Cell[] {
  if (value.kind === "undefined") return [measure, layer, null, "", value.reason];
  return [measure, layer, value.value, value.kind === "bounded" ? value.bound : "", ""];
}

/** The values of a condition; one row without a measure where it was not read, with the reason. */
function conditionRows(batch: Batch | undefined, condition: string): Cell[][] {
  const absent = (reason: string): Cell[][] => [["", "", null, "", reason]];
  if (batch === undefined) return absent("the item was not read");
  const record = batch.conditions[condition];
  if (record === undefined) return absent(batch.missing[condition] ?? "the record has neither a value nor a reason");
  return record.values.map(valueCells);
}

export function itemsCsv(record: RunRecord): string {
  const { suite, items } = record.manifest;
  const rows = batchesInOrder(record).flatMap(({ model, frame, batches }) =>
    items.flatMap(({ id, cluster }, i) =>
      model.conditions.flatMap(({ name }) => {
        const place = [suite.name, model.identity.reference, frame, id, cluster, name];
        return conditionRows(batches[i], name).map((cells) => [...place, ...cells]);
      }),
    ),
  );
  return csvText(COLUMNS, rows);
}
