/** Isoglyph as a library: the same record as the command line, without its table and its exit. */
export { type Analysis, analyze } from "./harness/analysis/analyze.ts";
export { referenceCorpus } from "./harness/corpus.ts";
export { run, type RunOptions } from "./harness/run.ts";
export { readRun, type RunRecord } from "./harness/RunRecord.ts";
export { ExpectedError } from "./errors.ts";
export type { Provider } from "./providers/contract.ts";
export { openModel } from "./providers/embedded/openModel.ts";
export { loadSuite } from "./suites/loadSuite.ts";
export { pairsSuite } from "./suites/pairsSuite.ts";
export type { Suite } from "./suites/Suite.ts";
