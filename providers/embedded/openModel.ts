import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ModelIdentity } from "../contract.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { EmbeddedProvider } from "./EmbeddedProvider.ts";
import { Engine } from "./Engine.ts";
import type { GraphName } from "./engineGraphs.ts";
import { openHeader } from "./modelHeader.ts";
import { chooseWeights, planMemory } from "./planMemory.ts";
import { planWeights } from "./planWeights.ts";
import { isPrepared, prepareModel } from "./prepareModel.ts";
import { cacheFolder } from "./sources/cacheFolder.ts";
import type { Progress } from "./sources/fetchModel.ts";
import { fileDigest } from "./sources/fileDigest.ts";
import { folderDigest } from "./sources/hubFolder.ts";
import type { LocatedModel } from "./sources/locateModel.ts";
import type { WeightPolicy } from "./WeightFile.ts";

export interface OpenOptions {
  /** CPU threads; all of them unless said otherwise. */
  readonly threads?: number;
  readonly weights: "auto" | WeightPolicy;
  /** What matters when `weights` is `auto`: tokens per second over many rows, or the time to the first answer. */
  readonly purpose: "batch" | "latency";
  /** The graph that will run first; it opens while the tokenizer is built. */
  readonly first?: GraphName;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Opens a model for the embedded engine: finds or fetches its files, prepares it once, and starts the engine.
 * @param reference as modelReference.ts parses it
 * @throws ExpectedError of modelReference, locateModel, modelHeader, planMemory and prepareModel.
 */
export async function openModel(reference: string, options: OpenOptions): Promise<EmbeddedProvider> {
  const { progress = () => {}, signal, threads = availableParallelism() } = options;
  const header = await openHeader(reference, progress, signal);
  const { located, checkpoint, files } = header;
  const { config } = checkpoint;
  const { name } = located;
  const plan = planWeights(checkpoint);
  const memory = planMemory(checkpoint, plan, options.purpose);
  const choice = chooseWeights(options.weights, options.purpose, memory, process.availableMemory());
  const size = [...checkpoint.weights.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const digest = await digestOf(located, files, signal, (done, total) =>
    progress({ label: `${name}: checksum`, done, total }),
  );
  signal?.throwIfAborted();

  progress({ label: `${name}: preparing`, done: 0, total: size });
  const folder = join(cacheFolder(), "prepared");
  // What the tokenizer refuses is said before minutes are spent on weights; where these are there, it can wait.
  if (!isPrepared(digest, choice.policy, folder)) void header.tokenizer;
  const prepared = await prepareModel(checkpoint, plan, digest, choice.policy, folder, signal);
  progress({ label: `${name}: preparing`, done: size, total: size });
  const engine = new Engine(prepared, threads);
  if (options.first) engine.openAhead(options.first);
  try {
    const { tokenizer, tokenizerDigest } = header;
    const identity: ModelIdentity = {
      reference,
      name,
      architecture: config.architecture,
      digest,
      quantisation: quantisation(checkpoint),
      engine: `isoglyph ${packageVersion("..")}, onnxruntime-node ${packageVersion("onnxruntime-node")}`,
      weights: `${choice.policy} (${choice.reason})`,
      tokenizerDigest,
      contextLength: config.contextLength,
      layers: config.layers,
      width: config.width,
      vocabulary: config.vocabulary,
    };
    return new EmbeddedProvider(identity, tokenizer, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** A fetched file was verified a moment ago, and a store knows its own; a user's own files can be any. */
async function digestOf(
  located: LocatedModel,
  files: readonly string[],
  signal: AbortSignal | undefined,
  onBytes: (done: number, total: number) => void,
): Promise<string> {
  if (located.digest !== null) return located.digest;
  if (located.kind === "gguf") {
    const { size } = await stat(located.path);
    return fileDigest(located.path, signal, (done) => onBytes(done, size));
  }
  return folderDigest({ path: located.path, files }, signal, onBytes);
}

/** The tensor type of most matrices. */
function quantisation({ weights }: Checkpoint): string {
  const counts = new Map<string, number>();
  for (const { type, shape } of weights.values()) {
    if (shape.length >= 2) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ["none", 0] as [string, number])[0];
}

/** Version of a package, or with `..` of the one that this file belongs to. */
function packageVersion(specifier: string): string {
  const path = findPackageJSON(specifier, import.meta.url);
  if (path === undefined) throw new Error(`no package.json of ${specifier}`);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
