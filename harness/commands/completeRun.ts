import { EXIT, ExpectedError } from "../../errors.ts";
import { missingBatches, type RunRecord, readRun } from "../RunRecord.ts";

/**
 * A run that reports may be made from.
 * @throws ExpectedError `run-incomplete`, and those of `readRun`.
 */
export function completeRun(folder: string): RunRecord {
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
  return record;
}
