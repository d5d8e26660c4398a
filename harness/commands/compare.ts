import { runComparison } from "../../reports/runComparison.ts";
import { compareRuns } from "../analysis/compareRuns.ts";
import { readRun } from "../RunRecord.ts";

/** Prints what changed between two runs. It is no gate: a comparison that can be made ends with exit code 0. */
export async function compareCommand(
  before: string,
  after: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const records = [before, after].map(readRun) as [ReturnType<typeof readRun>, ReturnType<typeof readRun>];
  const comparison = compareRuns(...records);
  if (options.json) {
    const [one, other] = [before, after].map((folder, i) => ({ folder, signature: records[i]?.manifest.signature }));
    process.stdout.write(`${JSON.stringify({ before: one, after: other, ...comparison }, null, 2)}\n`);
    return;
  }
  const folders = `before: ${before}\nafter:  ${after}`;
  process.stdout.write(`\n${folders}\n\n${runComparison(comparison, process.stdout.columns || 80)}\n`);
}
