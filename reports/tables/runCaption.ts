/** What every caption of a run's table ends with: n, intervals, what bold means, the run's signature. */
import type { Analysis } from "../../harness/analysis/analyze.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";

/** "frame restate", or "mean of the frames restate, question". */
export function framesRead(record: RunRecord, { models }: Analysis): string {
  const [first] = models;
  if (first === undefined) return "no frame";
  const { frame } = tables(record, first.model).all;
  return frame === "all" ? `mean of the frames ${Object.keys(first.model.frames).join(", ")}` : `frame ${frame}`;
}

/** @param tested whether some of the table's numbers are compared by tests, and may be bold */
export function runCaption({ manifest }: RunRecord, title: string, where: string, tested = true): string {
  const { items, suite, signature } = manifest;
  const clusters = new Set(items.map(({ cluster }) => cluster)).size;
  const bold = tested ? ` Bold: significantly closest (p < ${2 * suite.alpha} after Holm's correction).` : "";
  return (
    `${title}: n = ${items.length} items in ${clusters} clusters, ${where}. Means with 95 % cluster-robust intervals.` +
    `${bold} ${signature}.`
  );
}
