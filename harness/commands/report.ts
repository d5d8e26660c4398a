import { gateLines } from "../../reports/gateLines.ts";
import { summary } from "../../reports/summary.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { analyze } from "../analysis/analyze.ts";
import { completeRun } from "./completeRun.ts";
import { useColor } from "./terminal.ts";

export async function reportCommand(folder: string, options: { readonly format: string }): Promise<void> {
  const record = completeRun(folder);
  const analysis = analyze(record);
  const paths = await writeReports(
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
