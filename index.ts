/** Isoglyph as a library: the same record as the command line, without its table and its exit. */

export { ExpectedError } from "./errors.ts";
export { type Analysis, analyze } from "./harness/analysis/analyze.ts";
export { referenceCorpus } from "./harness/corpus.ts";
export { type RunRecord, readRun } from "./harness/RunRecord.ts";
export { run } from "./harness/run.ts";
export type { RunOptions } from "./harness/Session.ts";
export * as statistics from "./harness/statistics.ts";
export type { Provider, TextProvider } from "./providers/contract.ts";
export { openModel } from "./providers/embedded/openModel.ts";
export { openProvider } from "./providers/openProvider.ts";
export { loadSuite } from "./suites/loadSuite.ts";
export { pairsSuite } from "./suites/pairsSuite.ts";
export type { Suite } from "./suites/Suite.ts";
