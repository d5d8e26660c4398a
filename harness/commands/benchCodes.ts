import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closest } from "fastest-levenshtein";
import { ExpectedError } from "../../errors.ts";
import type { Provider } from "../../providers/contract.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { loadSuite } from "../../suites/loadSuite.ts";
import { sentences, sentencesDigest } from "../../suites/sentences/sentences.ts";
import { writeWhole } from "../../writeWhole.ts";
import { benchCodes } from "../codes/benchCodes.ts";
import { CODE_KINDS, type CodeKind } from "../codes/codeKinds.ts";
import { codeRecords, codesCsv } from "../codes/codesCsv.ts";
import { codesFootnotes, codesTable } from "../codes/codesTable.ts";
import { keptVectors } from "../codes/keptVectors.ts";
import type { HeldOutSet } from "../codes/measureCode.ts";
import { counters, oneTokenSymbols, tokenizersAtHand } from "./benchTokenizers.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { wholeNumber } from "./terminal.ts";

export interface BenchCodesOptions {
  readonly embedder: string;
  readonly train: string;
  readonly heldOut: string;
  readonly bits: string;
  readonly codes?: string;
  readonly seed: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Table A. Vectors and trained codes are kept, so that a second run only measures. */
export async function benchCodesCommand(options: BenchCodesOptions, signal: AbortSignal): Promise<void> {
  const kinds = kindsOf(options.codes);
  const number = (name: "train" | "held-out" | "bits" | "seed", text: string) => wholeNumber(`--${name}`, text);
  const [train, heldOut] = [number("train", options.train), number("held-out", options.heldOut)];
  const [bits, seed] = [number("bits", options.bits), number("seed", options.seed)];
  const reporter = new ProgressReporter();
  const progress = (label: string, done: number, total: number) => reporter.update(label, done, total);
  const embedder = await openProvider(options.embedder, {
    weights: "auto",
    purpose: "batch",
    threads: availableParallelism(),
    progress: ({ label, done, total }) => reporter.update(label, done, total, "bytes"),
    signal,
  });
  try {
    const vectorsOf = (name: string, texts: readonly string[]) =>
      keptVectors(embedder, texts, {
        folder: join(cacheFolder(), "vectors"),
        progress: (done, total) => progress(`vectors of ${name}`, done, total),
        signal,
      });
    const made = sentences(train + heldOut, seed);
    const lines = made.slice(0, train);
    const training = await vectorsOf(`${train} training sentences`, lines);
    const sets = await heldOutSets(made.slice(train), seed, vectorsOf);
    const folder = join(cacheFolder(), "codes");
    const tokenizers = counters(await tokenizersAtHand());
    const symbols = await oneTokenSymbols();
    const results = await benchCodes({
      training,
      sets,
      kinds,
      bits,
      seed,
      folder,
      symbols,
      tokenizers,
      progress,
      signal,
    });
    reporter.clear();
    const subject = {
      ...identityOf(embedder),
      width: training.width,
      trainingRows: training.rows,
      trainingDigest: sentencesDigest(lines),
      seed,
    };
    const json = `${JSON.stringify(codeRecords(results, subject), null, 2)}\n`;
    if (options.out !== undefined) {
      writeWhole(join(options.out, "codes.csv"), codesCsv(results, subject));
      writeWhole(join(options.out, "codes.json"), json);
    }
    if (options.json) process.stdout.write(json);
    else {
      const title = `${options.embedder}, ${training.width} wide; trained on ${train.toLocaleString("en")} sentences, seed ${seed}`;
      process.stdout.write(`${title}\n\n${codesTable(results)}\n\n${codesFootnotes(results, training.width)}\n`);
    }
  } finally {
    await embedder.close();
  }
}

/** From near to far: new sentences of the training's grammar, of other frames and words, and such as no grammar made. */
async function heldOutSets(
  near: readonly string[],
  seed: number,
  vectorsOf: (name: string, texts: readonly string[]) => Promise<HeldOutSet["vectors"]>,
): Promise<HeldOutSet[]> {
  const far = sentences(near.length, seed, "held-out");
  const { items } = await loadSuite(fileURLToPath(new URL("../../suites/everyday/suite.yaml", import.meta.url)), {});
  const apart = near.map((_, i) => String(i));
  return [
    { name: "new sentences of the grammar", vectors: await vectorsOf("new sentences", near), clusters: apart },
    { name: "held-out frames and words", vectors: await vectorsOf("held-out sentences", far), clusters: apart },
    {
      name: "everyday originals",
      vectors: await vectorsOf(
        `${items.length} everyday originals`,
        items.map(({ original }) => original),
      ),
      clusters: items.map(({ id, cluster }) => cluster ?? id),
    },
  ];
}

function identityOf({ identity }: Provider): { embedder: string; embedderDigest: string } {
  return { embedder: identity.reference, embedderDigest: identity.digest };
}

function kindsOf(list: string | undefined): readonly CodeKind[] {
  if (list === undefined) return CODE_KINDS;
  const names = CODE_KINDS.map(({ name }) => name);
  return list.split(",").map((text) => {
    const name = text.trim();
    const kind = CODE_KINDS.find((one) => one.name === name);
    if (kind !== undefined) return kind;
    throw new ExpectedError({
      code: "usage",
      message: `--codes: there is no code ${JSON.stringify(name)}`,
      hint: `the nearest is ${closest(name, names)}; there are ${names.join(", ")}`,
    });
  });
}
