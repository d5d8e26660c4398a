/** `isoglyph bench protocol`: one model sends, another answers; text against code against nothing. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import type { Provider } from "../../providers/contract.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { checkReference, openProvider } from "../../providers/openProvider.ts";
import { csvText } from "../../reports/csvText.ts";
import { type ProtocolPair, protocolText } from "../../reports/protocolText.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import { writeWhole } from "../../writeWhole.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { protocolVerdict } from "../analysis/protocol.ts";
import { checkSuite } from "../checkSuite.ts";
import { type ProtocolRow, runProtocol } from "../protocol/runProtocol.ts";
import { ClusterResampler } from "../statistics/ClusterResampler.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { wholeNumber } from "./terminal.ts";

export interface BenchProtocolOptions {
  readonly sender: readonly string[];
  readonly receiver: readonly string[];
  readonly profile?: string;
  readonly limit?: string;
  readonly out?: string;
  readonly json?: boolean;
}

const COLUMNS = [
  "sender",
  "receiver",
  "form",
  "item",
  "cluster",
  "tokens",
  "question",
  "gold",
  "said",
  "right",
  "message",
];

interface PairRows {
  readonly sender: string;
  readonly receiver: string;
  readonly rows: readonly ProtocolRow[];
}

function csv(pairs: readonly PairRows[]): string {
  const rows = pairs.flatMap(({ sender, receiver, rows: own }) =>
    own.map(({ form, item, cluster, tokens, question, gold, said, right, message }) => {
      return [sender, receiver, form, item, cluster, tokens, question, gold, said, right ? 1 : 0, message];
    }),
  );
  return csvText(COLUMNS, rows);
}

/** The verdicts are findings, not gates: the exit code says only that all was measured. */
export async function benchProtocolCommand(
  path: string,
  options: BenchProtocolOptions,
  signal: AbortSignal,
): Promise<void> {
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit);
  if (options.sender.length === 0 || options.receiver.length === 0) {
    throw new ExpectedError({
      code: "usage",
      message: "a protocol takes a model that sends and one that answers",
      hint: "isoglyph bench protocol SUITE --sender smollm2-135m --receiver smollm2-135m",
    });
  }
  const suite = await loadSuite(path, { profile: options.profile, limit });
  checkSuite(suite);
  for (const reference of [...options.sender, ...options.receiver]) checkReference(reference);
  const reporter = new ProgressReporter();
  const answers = new AnswerCache(join(cacheFolder(), "answers"));
  const open = (reference: string) =>
    openProvider(reference, {
      remember: (key, make) => answers.remember({ what: "a server's answer", key }, make),
      weights: "auto",
      purpose: "batch",
      threads: availableParallelism(),
      progress: ({ label, done, total }) => reporter.update(label, done, total, "bytes"),
      signal,
    });
  const opened = new Map<string, Provider>();
  const once = async (reference: string): Promise<Provider> => {
    const provider = opened.get(reference) ?? (await open(reference));
    opened.set(reference, provider);
    return provider;
  };
  const pairs: PairRows[] = [];
  try {
    for (const sender of options.sender) {
      for (const receiver of options.receiver) {
        const progress = (done: number, total: number) => reporter.update(`${sender} to ${receiver}`, done, total);
        const both = { sender: await once(sender), receiver: await once(receiver) };
        pairs.push({
          sender,
          receiver,
          rows: await runProtocol({ suite, ...both, openEmbedder: open, answers, progress, signal }),
        });
      }
    }
  } finally {
    for (const provider of opened.values()) await provider.close();
  }
  reporter.clear();
  const codes = Object.keys(suite.candidates);
  // As many claims as codes and pairs: Bonferroni's share of the error rate for each.
  const alpha = suite.statistics.alpha / Math.max(1, codes.length * pairs.length);
  const settings = { alpha, margin: suite.margin, draws: new ClusterResampler(suite.statistics.seed) };
  const judged = pairs.map(({ sender, receiver, rows }): ProtocolPair => {
    const sent = codes.filter((code) => rows.some(({ form }) => form === code));
    return { sender, receiver, verdicts: sent.map((code) => protocolVerdict(rows, code, settings)) };
  });
  const json = `${JSON.stringify(judged, null, 2)}\n`;
  if (options.out !== undefined) {
    writeWhole(join(options.out, "protocol.csv"), csv(pairs));
    writeWhole(join(options.out, "protocol.json"), json);
  }
  process.stdout.write(options.json ? json : `\n${protocolText(judged, process.stdout.columns || 80)}\n\n`);
}
