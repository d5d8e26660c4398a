/** The tables of a run for a paper. */
import type { Analysis } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { activationsTable } from "./activationsTable.ts";
import { modelsTable } from "./modelsTable.ts";
import type { PaperTable } from "./PaperTable.ts";
import { tokensTable } from "./tokensTable.ts";

export function runTables(record: RunRecord, analysis: Analysis): PaperTable[] {
  if (analysis.models.length === 0) return [];
  const models = modelsTable(record, analysis);
  return [activationsTable(record, analysis), ...(models === null ? [] : [models]), tokensTable(record, analysis)];
}
