import { readFileSync } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import type { ModelIdentity } from "../contract.ts";
import { cacheFolder } from "./cacheFolder.ts";
import { decoderConfig } from "./decoderConfig.ts";
import { EmbeddedProvider } from "./EmbeddedProvider.ts";
import { Engine } from "./Engine.ts";
import { weightNames } from "./engineGraphs.ts";
import { fetchModel, type Progress } from "./fetchModel.ts";
import { fileDigest } from "./fileDigest.ts";
import { type Gguf, readGguf } from "./gguf.ts";
import { ggufTokenizer } from "./ggufTokenizer.ts";
import { type ModelReference, parseModelReference } from "./modelReference.ts";
import { prepareModel } from "./prepareModel.ts";
import { isPackable, type WeightPolicy } from "./weights.ts";

export interface OpenOptions {
  /** CPU threads; all of them unless said otherwise. */
  readonly threads?: number;
  readonly weights: "auto" | WeightPolicy;
  /** What matters when `weights` is `auto`: tokens per second over many rows, or the time to the first answer. */
  readonly purpose: "batch" | "latency";
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** float32 weights are chosen while they take less than this share of the free memory. */
const MEMORY_SHARE = 0.4;

/**
 * Opens a model for the embedded engine: finds or fetches its file, prepares it once, and starts the engine.
 * @param reference a known name, or the path of a .gguf file
 * @throws ExpectedError of modelReference, fetchModel, readGguf, decoderConfig, ggufTokenizer and prepareModel;
 *   `model-file-missing`, `model-file-unreadable`.
 */
export async function openModel(reference: string, options: OpenOptions): Promise<EmbeddedProvider> {
  const { progress = () => {}, signal, threads = availableParallelism() } = options;
  const parsed = parseModelReference(reference);
  const path =
    parsed.kind === "known"
      ? await fetchModel(parsed.known, { progress, ...(signal && { signal }) })
      : await readableFile(parsed.path);
  const name = parsed.kind === "known" ? parsed.known.name : basename(path).replace(/\.gguf$/i, "");
  const gguf = readGguf(path);
  const config = decoderConfig(gguf);
  const { tokenizer, digest: tokenizerDigest } = ggufTokenizer(gguf);
  const { size } = await stat(path);
  const digest = await digestOf(parsed, path, signal, (done) =>
    progress({ label: `${name}: checksum`, done, total: size }),
  );
  signal?.throwIfAborted();

  const canPack = weightNames(config).linear.some((tensor) => isPackable(gguf.tensors.get(tensor)?.type ?? ""));
  const choice = chooseWeights(options.weights, options.purpose, parameters(gguf), process.availableMemory(), canPack);
  progress({ label: `${name}: preparing`, done: 0, total: size });
  const prepared = await prepareModel(gguf, digest, choice.policy, join(cacheFolder(), "prepared"), signal);
  progress({ label: `${name}: preparing`, done: size, total: size });
  const identity: ModelIdentity = {
    reference,
    name,
    architecture: config.architecture,
    digest,
    quantisation: quantisation(gguf),
    engine: `isoglyph ${packageVersion("..")}, onnxruntime-node ${packageVersion("onnxruntime-node")}`,
    weights: `${choice.policy} (${choice.reason})`,
    tokenizerDigest,
    contextLength: config.contextLength,
    layers: config.layers,
    width: config.width,
    vocabulary: config.vocabulary,
  };
  return new EmbeddedProvider(identity, tokenizer, new Engine(prepared, threads));
}

async function readableFile(path: string): Promise<string> {
  const fail = (code: string, message: string, cause?: unknown) =>
    new ExpectedError({
      code,
      message,
      where: path,
      hint: "give the path of a .gguf file, or a name that `isoglyph models list` shows",
      cause,
    });
  try {
    // A pipe or a device would be read without end.
    if (!(await stat(path)).isFile()) throw fail("model-file-unreadable", "the model is not a regular file");
    await access(path, constants.R_OK);
    return path;
  } catch (error) {
    if (error instanceof ExpectedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw fail("model-file-missing", "there is no such model file", error);
    throw fail("model-file-unreadable", `the model file cannot be read: ${message}`, error);
  }
}

/** A fetched file was verified a moment ago; a user's own file can be any. */
async function digestOf(
  parsed: ModelReference,
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
) {
  return parsed.kind === "known" ? parsed.known.sha256 : fileDigest(path, signal, onBytes);
}

function parameters(gguf: Gguf): number {
  return [...gguf.tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * The form that the weights take in memory, and why.
 * @param free memory that can be had, bytes
 * @param canPack whether the file has matrices in 4-bit blocks that can stay as they are
 */
export function chooseWeights(
  asked: OpenOptions["weights"],
  purpose: OpenOptions["purpose"],
  parameterCount: number,
  free: number,
  canPack = true,
): { policy: WeightPolicy; reason: string } {
  if (!canPack) return { policy: "float32", reason: "the file has no matrix in 4-bit blocks that can stay packed" };
  if (asked !== "auto") return { policy: asked, reason: "as asked" };
  if (purpose === "latency") return { policy: "packed", reason: "auto: opens fastest" };
  if (4 * parameterCount < MEMORY_SHARE * free) return { policy: "float32", reason: "auto: fastest for batches" };
  return { policy: "packed", reason: `auto: float32 would take more than ${100 * MEMORY_SHARE} % of the free memory` };
}

/** The tensor type of most matrices. */
function quantisation(gguf: Gguf): string {
  const counts = new Map<string, number>();
  for (const { type, shape } of gguf.tensors.values()) {
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
