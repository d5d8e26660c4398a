import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { quantiserKind, trainCodebook } from "../../codecs/codebook/trainCodebook.ts";
import { OBSERVED } from "../../codecs/contract.ts";
import { pickRows } from "../../codecs/quantisers/matrix.ts";
import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";
import { SeededRandom } from "../../codecs/quantisers/SeededRandom.ts";
import { writeSafetensors } from "../../safetensors.ts";
import { codebookAlphabet } from "./codebookAlphabet.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { usage } from "./stateInputs.ts";
import { wholeNumber } from "./terminal.ts";
import { type EmbeddedSet, embedSentences, readVectors } from "./trainingVectors.ts";

export interface TrainCodebookOptions {
  readonly kind: string;
  readonly embedder?: string;
  readonly text?: string;
  readonly vectors?: string;
  readonly places?: string;
  readonly entries?: string;
  readonly alphabet?: string;
  readonly disjoint?: boolean;
  readonly noise: string;
  readonly seed: string;
  readonly heldOut: string;
  readonly saveVectors?: string;
  readonly out: string;
  readonly json?: boolean;
}

const PLACES = "16";
const ENTRIES = "256";

export async function trainCodebookCommand(options: TrainCodebookOptions, signal: AbortSignal): Promise<void> {
  const { fixed, summary } = quantiserKind(options.kind);
  const places = wholeNumber("--places", options.places ?? String(fixed?.places ?? PLACES));
  const entries = wholeNumber("--entries", options.entries ?? String(fixed?.entries ?? ENTRIES));
  const seed = wholeNumber("--seed", options.seed);
  const noise = share("--noise", options.noise);
  const alphabet = codebookAlphabet(options, { places, entries, published: fixed !== undefined });
  const path = resolve(options.out.replace(/\.(json|safetensors)$/, ""));
  const progress = new ProgressReporter();
  const all = await vectorsOf(options, progress, signal);
  const { train, heldOut } = all.heldOut === null ? split(all.train, share("--held-out", options.heldOut), seed) : all;
  const { embedder } = all;
  if (options.saveVectors !== undefined) {
    const tensors = Object.entries({ train, heldOut }).flatMap(([name, one]) =>
      one === null ? [] : [{ name, shape: [one.rows, one.width], data: one.data }],
    );
    writeSafetensors(options.saveVectors, tensors, { embedder: embedder.reference, digest: embedder.digest });
  }
  mkdirSync(dirname(path), { recursive: true });
  progress.line(
    `training ${options.kind} (${summary}), ${places} × ${entries}, on ${train.rows} vectors ${train.width} wide`,
  );
  const started = performance.now();
  const codebook = await trainCodebook({
    kind: options.kind,
    vectors: train,
    heldOut,
    embedder,
    alphabet,
    places,
    entries,
    seed,
    noise,
    path,
    progress: (round, rounds, loss) =>
      progress.update("training", round, rounds, `rounds, loss ${loss.toPrecision(4)}`),
    signal,
  });
  progress.clear();
  const { training } = codebook.description;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ path: `${path}.json`, identity: codebook.identity, ...training }, null, 2)}\n`,
    );
    return;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`wrote ${path}.json and ${path}.safetensors in ${seconds} s, identity ${codebook.identity}\n`);
  const figures = training.heldOut;
  if (figures === null) return;
  process.stdout.write(
    `${figures.vectors} held-out vectors: centred cosine ${figures.centredCosine.toFixed(4)}, cosine ${figures.cosine.toFixed(4)}, ${(100 * figures.errorShare).toFixed(1)} % of the variance lost\n`,
  );
}

async function vectorsOf(
  options: TrainCodebookOptions,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<EmbeddedSet> {
  const { text, vectors, embedder } = options;
  if ((text === undefined) === (vectors === undefined)) {
    throw usage(
      text === undefined ? "there is nothing to train on" : "--text and --vectors cannot be given together",
      "--text FILE with one sentence a line and --embedder REF, or --vectors FILE.safetensors",
    );
  }
  if (vectors !== undefined) return readVectors(vectors, embedder);
  if (embedder === undefined)
    throw usage("--text needs an embedder", "--embedder minilm, or any model that run --model takes");
  if (embedder === OBSERVED) throw usage("--embedder observed names no model", "name one: --embedder smollm2-135m");
  return embedSentences(text as string, embedder, progress, signal);
}

/** Rows drawn by the seed are held out; the others keep their order. */
function split(vectors: Matrix, part: number, seed: number): { train: Matrix; heldOut: Matrix | null } {
  const count = Math.floor(part * vectors.rows);
  if (count === 0) return { train: vectors, heldOut: null };
  const held = new SeededRandom(seed, "held-out").sample(vectors.rows, count).sort();
  const kept = new Set(held);
  const rest = Array.from({ length: vectors.rows }, (_, r) => r).filter((r) => !kept.has(r));
  return { train: pickRows(vectors, rest), heldOut: pickRows(vectors, held) };
}

function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw usage(`${name} takes a share from 0 to below 1, not ${JSON.stringify(text)}`, `${name} 0.1`);
}
