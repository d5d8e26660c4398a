import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Provider } from "../../providers/contract.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import { sentences } from "../../suites/sentences/sentences.ts";
import { writeWhole } from "../../writeWhole.ts";
import { claimRecord, claimsCsv, claimsTable } from "../claims/claimsTable.ts";
import { testClaims } from "../claims/testClaims.ts";
import { keptVectors } from "../codes/keptVectors.ts";
import { counters, tokenizersAtHand } from "./benchTokenizers.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { wholeNumber } from "./terminal.ts";

export interface BenchClaimsOptions {
  readonly model: string;
  readonly embedder: string;
  readonly train: string;
  readonly limit?: string;
  readonly seed: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Tests what the seed systems claim. The verdicts are findings, not gates: the exit code says only that all was measured. */
export async function benchClaimsCommand(options: BenchClaimsOptions, signal: AbortSignal): Promise<void> {
  const seed = wholeNumber("--seed", options.seed);
  const training = sentences(wholeNumber("--train", options.train), seed);
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit);
  const { items } = await loadSuite(fileURLToPath(new URL("../../suites/everyday/suite.yaml", import.meta.url)), {
    limit,
  });
  const reporter = new ProgressReporter();
  const open = (reference: string) =>
    openProvider(reference, {
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
  try {
    const claims = await testClaims(
      {
        items: items.map(({ id, topic, cluster, original, paraphrases, encodings }) => ({
          original,
          wenyan: encodings.wenyan ?? null,
          paraphrase: paraphrases[0] ?? original,
          topic: topic ?? "",
          cluster: cluster ?? id,
        })),
        training,
        embed: async (texts) =>
          keptVectors(await once(options.embedder), texts, {
            folder: join(cacheFolder(), "vectors"),
            progress: (done, total) => reporter.update(`embeddings of ${total} sentences`, done, total),
            signal,
          }),
        observed: () => once(options.model),
        codesFolder: join(cacheFolder(), "codes"),
        tokenizers: counters(await tokenizersAtHand()),
        progress: (label, done, total) => reporter.update(label, done, total),
        signal,
      },
      seed,
    );
    reporter.clear();
    const json = `${JSON.stringify(claims.map(claimRecord), null, 2)}\n`;
    if (options.out !== undefined) {
      writeWhole(join(options.out, "claims.csv"), claimsCsv(claims));
      writeWhole(join(options.out, "claims.json"), json);
    }
    process.stdout.write(options.json ? json : `${claimsTable(claims)}\n`);
  } finally {
    for (const provider of opened.values()) await provider.close();
  }
}
