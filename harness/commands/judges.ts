/** `isoglyph judges`: whether a run's judges can be believed; pairs for people to rate, and agreement with them. */
import { ExpectedError } from "../../errors.ts";
import { csvText } from "../../reports/csvText.ts";
import { judgesText } from "../../reports/judgesText.ts";
import { writeWhole } from "../../writeWhole.ts";
import { humanAgreement } from "../analysis/humanAgreement.ts";
import { judgedRecord } from "../analysis/judgedRecord.ts";
import { type JudgedRecord, judgesReport } from "../analysis/judges.ts";
import { readLabels } from "../judges/readLabels.ts";
import { completeRun } from "./completeRun.ts";

export interface JudgesCommandOptions {
  readonly labels?: string;
  readonly pairs?: string;
  readonly json?: boolean;
}

/** Sorted by hash, without a condition and without a control's name: whoever rates does not know what is what. */
function writePairs(path: string, { pairs }: JudgedRecord): number {
  const shown = pairs.filter(({ role }) => role !== "canary").toSorted((a, b) => (a.pair < b.pair ? -1 : 1));
  const rows = shown.map(({ pair, question, first, second }) => [pair, question ?? "", first, second, "", ""]);
  writeWhole(path, csvText(["pair", "question", "first", "second", "rating", "rater"], rows));
  return rows.length;
}

export async function judgesCommand(folder: string, options: JudgesCommandOptions): Promise<void> {
  const record = judgedRecord(completeRun(folder));
  if (record === null) {
    throw new ExpectedError({
      code: "no-judges",
      message: "the run has no judges",
      where: folder,
      hint: "name judges in the suite: judges: { NAME: { kind: chat, model: REF } }",
    });
  }
  if (options.pairs !== undefined) {
    const count = writePairs(options.pairs, record);
    process.stderr.write(`wrote ${count} pairs to ${options.pairs}: fill in rating (1 to 5) and rater\n`);
  }
  const report = judgesReport(record);
  const known = new Set(record.pairs.map(({ pair }) => pair));
  const humans = options.labels === undefined ? null : humanAgreement(record, readLabels(options.labels, known));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...report, ...(humans && { humans }) }, null, 2)}\n`);
    return;
  }
  const width = process.stdout.columns || 80;
  process.stdout.write(`\n${judgesText(report, { judges: record.judges, humans, width })}\n\n`);
}
