import { availableParallelism, cpus, hostname, totalmem } from "node:os";
import { join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { checkReference, openProvider } from "../../providers/openProvider.ts";
import { RecordingProvider } from "../../providers/recorded/RecordingProvider.ts";
import { gateLines } from "../../reports/gateLines.ts";
import { summary } from "../../reports/summary.ts";
import { terminalTable } from "../../reports/terminalTable.ts";
import { writeReports } from "../../reports/writeReports.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import { pairsSuite } from "../../suites/pairsSuite.ts";
import type { Suite } from "../../suites/Suite.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { analyze } from "../analysis/analyze.ts";
import { checkSuite } from "../checkSuite.ts";
import { referenceCorpus } from "../corpus.ts";
import { run } from "../run.ts";
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
  for (const model of suite.models) checkReference(model);
  checkSuite(suite);
  if (options.keepStates !== undefined && options.keepStates !== "all") {
    throw new ExpectedError({
      code: "usage",
      message: `--keep-states ${options.keepStates}: only all can be asked for`,
      hint: "leave it out to keep the states of originals and decoys",
    });
  }
  const limits = limitsOf(options);
  const spending = spendingOf(options, suite.models);
  if (options.plan) {
    const { plan, planText } = await import("./plan.ts");
    process.stdout.write(planText(suite, await Promise.all(suite.models.map((model) => plan(suite, model)))));
    return;
  }
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
  writeReports(folder, record, analysis, ["csv"]);
  // Before anything is printed: a reader that leaves early must not turn a failed gate into success.
  process.exitCode = analysis.exit;
  const color = useColor(process.stdout);
  const width = process.stdout.columns || 80;
  const parts = [terminalTable(record, analysis, { color, width }), summary(record, analysis), gateLines(analysis)];
  process.stdout.write(`\n${parts.filter((part) => part !== "").join("\n\n")}\n\n`);
  process.stdout.write(`Record and CSV reports: ${folder} (${duration((performance.now() - started) / 1000)})\n`);
}
