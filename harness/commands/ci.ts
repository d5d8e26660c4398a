/** What a run leaves for a CI server, where it runs on one. */
import { appendFileSync, existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { annotations } from "../../reports/annotations.ts";
import { stepSummary } from "../../reports/stepSummary.ts";
import { unwritable } from "../../writeWhole.ts";
import type { Analysis } from "../analysis/analyze.ts";
import type { RunRecord } from "../RunRecord.ts";

export interface CiRun {
  readonly record: RunRecord;
  readonly analysis: Analysis;
  /** The suite as it was named on the command line: a file, or its folder. */
  readonly suite: string;
  readonly regressions: readonly string[];
}

/** Adds to the page that $GITHUB_STEP_SUMMARY names. @throws ExpectedError `folder-unwritable`. */
export function writeStepSummary(
  { record, analysis, regressions }: CiRun,
  path = process.env.GITHUB_STEP_SUMMARY,
): void {
  if (path === undefined || path === "") return;
  try {
    appendFileSync(path, stepSummary(record, analysis, regressions));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Lines for stdout; none but on GitHub Actions. */
export function workflowCommands({ analysis, suite, regressions }: CiRun): string[] {
  if (process.env.GITHUB_ACTIONS !== "true") return [];
  const inFolder = join(suite, "suite.yaml");
  const file = existsSync(suite) && statSync(suite).isDirectory() ? inFolder : suite;
  return annotations(analysis, relative(process.env.GITHUB_WORKSPACE ?? process.cwd(), file), regressions);
}
