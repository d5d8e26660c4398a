import { EXIT, ExpectedError } from "../../errors.ts";
import { gateLines } from "../../reports/gateLines.ts";
import { summary } from "../../reports/summary.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { analyze } from "../analysis/analyze.ts";
import { missingBatches, readRun } from "../RunRecord.ts";
import { useColor } from "./terminal.ts";

export async function reportCommand(folder: string, options: { readonly format: string }): Promise<void> {
  const record = readRun(folder);
  const { missing, planned } = missingBatches(record);
  if (missing > 0) {
    throw new ExpectedError({
      code: "run-incomplete",
      message: `the run stopped early: ${missing} of ${planned} batches are missing`,
      where: folder,
      hint: "run the suite again; no verdict is made from part of a run",
      exit: EXIT.incomplete,
    });
  }
  const analysis = analyze(record);
  const paths = writeReports(
    folder,
    record,
    analysis,
    options.format.split(",").map((name) => name.trim()),
  );
  const table = terminalTable(record, analysis, {
    color: useColor(process.stdout),
    width: process.stdout.columns || 80,
  });
  const parts = [table, summary(record, analysis), gateLines(analysis)].filter((part) => part !== "");
  process.stdout.write(`\n${parts.join("\n\n")}\n\n${paths.map((path) => `wrote ${path}`).join("\n")}\n`);
}
