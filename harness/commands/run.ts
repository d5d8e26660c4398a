import { availableParallelism, cpus, hostname, totalmem } from "node:os";
import { join } from "node:path";
import { EXIT, ExpectedError } from "../../errors.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { checkReference, openProvider } from "../../providers/openProvider.ts";
import { RecordingProvider } from "../../providers/recorded/RecordingProvider.ts";
import { gateLines } from "../../reports/gateLines.ts";
import { regressionLines, regressions } from "../../reports/regressions.ts";
import { runComparison } from "../../reports/runComparison.ts";
import { summary } from "../../reports/summary.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import { pairsSuite } from "../../suites/pairsSuite.ts";
import type { Suite } from "../../suites/Suite.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { analyze } from "../analysis/analyze.ts";
import { compareRuns } from "../analysis/compareRuns.ts";
import { checkSuite } from "../checkSuite.ts";
import { referenceCorpus } from "../corpus.ts";
import type { RunRecord } from "../RunRecord.ts";
import { run } from "../run.ts";
import { workflowCommands, writeStepSummary } from "./ci.ts";
import { completeRun } from "./completeRun.ts";
import { duration, ProgressReporter } from "./ProgressReporter.ts";
import { limitsOf, type ServerLimitOptions, spendingOf } from "./serverLimits.ts";
import { useColor, version, wholeNumber } from "./terminal.ts";

export interface RunCommandOptions extends ServerLimitOptions {
  readonly pairs?: string;
  readonly model: readonly string[];
  readonly profile?: string;
  readonly out?: string;
  readonly limit?: string;
  readonly seed?: string;
  readonly plan?: boolean;
  readonly record?: string;
  readonly keepStates?: string;
  readonly cache: boolean;
  /** The folder of an earlier run. */
  readonly baseline?: string;
}

async function suiteOf(path: string | undefined, options: RunCommandOptions): Promise<Suite> {
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit);
  if ((path === undefined) === (options.pairs === undefined)) {
    throw new ExpectedError({
      code: "usage",
      message: path === undefined ? "there is nothing to run" : "a suite and --pairs cannot be run together",
      hint: "isoglyph run SUITE.yaml, or isoglyph run --pairs FILE.csv",
    });
  }
  if (options.pairs !== undefined && options.profile !== undefined) {
    throw new ExpectedError({
      code: "usage",
      message: "--profile goes with a suite, not with --pairs",
      hint: "leave --profile out",
    });
  }
  const suite =
    options.pairs === undefined
      ? await loadSuite(path as string, { profile: options.profile, limit })
      : await pairsSuite(options.pairs, { limit });
  const models = options.model.length > 0 ? options.model : suite.models;
  const twice = models.find((model, i) => models.indexOf(model) !== i);
  if (twice !== undefined) {
    throw new ExpectedError({
      code: "usage",
      message: `the model ${twice} is named twice`,
      hint: "name each model once",
    });
  }
  if (options.seed === undefined) return { ...suite, models };
  const seed = wholeNumber("--seed", options.seed);
  return {
    ...suite,
    models,
    continuations: { ...suite.continuations, seed },
    statistics: { ...suite.statistics, seed },
  };
}

/** Time as a folder name, to the second. */
function stamp(): string {
  return new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(":", "")
    .replace("T", "-");
}

export async function runCommand(
  path: string | undefined,
  options: RunCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const suite = await suiteOf(path, options);
  const judges = Object.values(suite.judges).map(({ model }) => model);
  for (const model of [...suite.models, ...judges]) checkReference(model);
  checkSuite(suite);
  if (options.keepStates !== undefined && options.keepStates !== "all") {
    throw new ExpectedError({
      code: "usage",
      message: `--keep-states ${options.keepStates}: only all can be asked for`,
      hint: "leave it out to keep the states of originals and decoys",
    });
  }
  const limits = limitsOf(options);
  const spending = spendingOf(options, [...new Set([...suite.models, ...judges])]);
  if (options.plan) {
    const { plan, planText } = await import("./plan.ts");
    const plans = await Promise.all(suite.models.map((model) => plan(suite, model)));
    process.stdout.write(planText(suite, plans));
    if (judges.length > 0) {
      const { judgesPlanText, planJudges } = await import("./planJudges.ts");
      process.stdout.write(`${judgesPlanText(planJudges(suite, plans, spending?.prices))}\n`);
    }
    return;
  }
  // Before hours of work: a baseline that cannot be read is wrong usage.
  const baseline = options.baseline === undefined ? null : completeRun(options.baseline);
  const started = performance.now();
  const progress = new ProgressReporter();
  const title = `${suite.name}${suite.profile ? `, profile ${suite.profile}` : ""}`;
  progress.line(
    `isoglyph ${version()}: ${title}: ${suite.items.length} items, ${Object.keys(suite.frames).length} frame(s), model ${suite.models.join(", ")}`,
  );
  const folder = options.out ?? join("runs", `${suite.name.replace(/[^\w.-]+/g, "-")}-${stamp()}`);
  const threads = availableParallelism();
  // What is kept from earlier runs would not be asked for, and so not be recorded.
  const answers = options.cache && options.record === undefined ? join(cacheFolder(), "answers") : null;
  const kept = new AnswerCache(answers);
  const open = (reference: string) =>
    openProvider(reference, {
      remember: (key, make) => kept.remember({ what: "a server's answer", key }, make),
      limits,
      ...(spending && { spending }),
      weights: "auto",
      purpose: "batch",
      threads,
      progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
      signal,
    });
  const record = await run({
    suite,
    openEmbedder: open,
    models: suite.models.map((reference) => ({
      reference,
      open: async () => {
        const provider = await open(reference);
        if (options.record === undefined) return provider;
        const name = suite.models.length === 1 ? "" : reference.replace(/[^\w.-]+/g, "-");
        return new RecordingProvider(provider, join(options.record, name));
      },
    })),
    corpus: referenceCorpus(),
    folder,
    ...(options.keepStates === "all" && { keepStates: "all" as const }),
    answers,
    version: version(),
    environment: {
      created: new Date().toISOString(),
      host: hostname(),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? "unknown",
      threads,
      memoryBytes: totalmem(),
    },
    progress: (label, done, total) => progress.update(label, done, total),
    signal,
  });
  progress.clear();
  const analysis = analyze(record);
  await writeReports(folder, record, analysis, ["csv"]);
  // Before anything is printed: a reader that leaves early must not turn a failed gate into success.
  process.exitCode = analysis.exit;
  const color = useColor(process.stdout);
  const width = process.stdout.columns || 80;
  const parts = [terminalTable(record, analysis, { color, width }), summary(record, analysis), gateLines(analysis)];
  process.stdout.write(`\n${parts.filter((part) => part !== "").join("\n\n")}\n\n`);
  // Last, for it may refuse: what was measured has been shown by then.
  const worse = baseline === null ? [] : since(baseline, record, options.baseline ?? "", width);
  if (worse.length > 0 && analysis.exit === EXIT.ok) process.exitCode = EXIT.gate;
  const ci = { record, analysis, suite: path ?? options.pairs ?? "", regressions: worse };
  writeStepSummary(ci);
  process.stdout.write(
    workflowCommands(ci)
      .map((line) => `${line}\n`)
      .join(""),
  );
  process.stdout.write(`Record and CSV reports: ${folder} (${duration((performance.now() - started) / 1000)})\n`);
}

/** Prints what changed since an earlier run, and returns what became worse. @throws ExpectedError `not-comparable`. */
function since(baseline: RunRecord, record: RunRecord, folder: string, width: number): string[] {
  const comparison = compareRuns(baseline, record);
  const worse = regressions(comparison);
  const parts = [`Since ${folder}`, runComparison(comparison, width), regressionLines(worse, width)];
  process.stdout.write(`${parts.join("\n\n")}\n\n`);
  return worse;
}
