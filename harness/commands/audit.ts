import { EXIT } from "../../errors.ts";
import { auditTable } from "../../reports/auditTable.ts";
import { audit } from "../audit/audit.ts";
import { builtInValues, itemValues } from "../audit/ItemValues.ts";
import { readRun } from "../RunRecord.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { wholeNumber } from "./terminal.ts";

export interface AuditCommandOptions {
  readonly repetitions: string;
  readonly seed: string;
  readonly json?: boolean;
}

export async function auditCommand(
  folder: string | undefined,
  options: AuditCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const repetitions = wholeNumber("--repetitions", options.repetitions);
  const seed = wholeNumber("--seed", options.seed);
  const source = folder === undefined ? builtInValues() : itemValues(readRun(folder));
  const progress = new ProgressReporter();
  const result = await audit(source, {
    repetitions,
    seed,
    progress: (label, done, total) => progress.update(label, done, total),
    signal,
  });
  progress.clear();
  process.exitCode = result.holds ? EXIT.ok : EXIT.instrument;
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${auditTable(result)}\n`);
}
