/** Vectors to train codes on: of sentences in a file, embedded once and kept, or ready-made. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { EmbedderIdentity } from "../../codecs/contract.ts";
import type { Matrix, Tensor } from "../../codecs/quantisers/Quantiser.ts";
import { ExpectedError } from "../../errors.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { parseFloatTensors } from "../../safetensors.ts";
import { keptVectors } from "../codes/keptVectors.ts";
import type { ProgressReporter } from "./ProgressReporter.ts";
import { usage } from "./stateInputs.ts";

export interface EmbeddedSet {
  readonly embedder: EmbedderIdentity;
  readonly train: Matrix;
  readonly heldOut: Matrix | null;
}

/** Sentences whose vectors are kept together: an interruption costs no more than these. */
const KEPT_TOGETHER = 2048;

/** Distinct sentences of a file, in order: lines, or of a .jsonl file the `text` of each line. */
function sentencesOf(path: string): readonly string[] {
  const lines = readText(path).split(/\r?\n/);
  const texts = lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    if (!path.endsWith(".jsonl")) return [line.trim()];
    let text: unknown;
    try {
      text = (JSON.parse(line) as { text?: unknown } | null)?.text;
    } catch (error) {
      throw usage(`${path}:${i + 1} is no JSON: ${(error as Error).message}`, 'each line is {"text": …}');
    }
    if (typeof text === "string" && text.trim() !== "") return [text.trim()];
    throw usage(`${path}:${i + 1} has no text`, 'each line is {"text": …}');
  });
  if (texts.length === 0) throw usage(`${path} holds no sentences`, "one sentence a line");
  return [...new Set(texts)];
}

export async function embedSentences(
  path: string,
  reference: string,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<EmbeddedSet> {
  const texts = sentencesOf(path);
  const embedder = await openProvider(reference, {
    weights: "auto",
    purpose: "batch",
    threads: availableParallelism(),
    progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
    signal,
  });
  try {
    const parts: Matrix[] = [];
    for (let from = 0; from < texts.length; from += KEPT_TOGETHER) {
      parts.push(
        await keptVectors(embedder, texts.slice(from, from + KEPT_TOGETHER), {
          folder: join(cacheFolder(), "vectors"),
          progress: (done) => progress.update("embedding", from + done, texts.length, "sentences"),
          signal,
        }),
      );
    }
    const width = parts[0]?.width ?? 0;
    const data = new Float32Array(texts.length * width);
    let at = 0;
    for (const part of parts) {
      data.set(part.data, at);
      at += part.data.length;
    }
    const { digest } = embedder.identity;
    return { embedder: { reference, digest, width }, train: { rows: texts.length, width, data }, heldOut: null };
  } finally {
    await embedder.close();
  }
}

/**
 * Of a safetensors file: `train` and `heldOut`, or `vectors`, float32 [rows, width]; its metadata may say whose they are
 * (`embedder`, `digest`).
 */
export function readVectors(path: string, reference: string | undefined): EmbeddedSet {
  const { tensors, metadata } = parseFloatTensors(readBytes(path), path);
  const names = Object.keys(tensors).join(", ") || "nothing";
  const first = tensors.train ?? tensors.vectors;
  if (first === undefined) throw usage(`${path} holds ${names}`, "name the tensor of vectors `vectors`, or `train`");
  const train = asMatrix(first, path);
  const heldOut = tensors.heldOut === undefined ? null : asMatrix(tensors.heldOut, path);
  if (heldOut !== null && heldOut.width !== train.width)
    throw usage(`${path}: heldOut is ${heldOut.width} wide, train ${train.width}`, "they are vectors of one embedder");
  const unknown = "unknown";
  return {
    embedder: {
      reference: reference ?? metadata.embedder ?? unknown,
      digest: metadata.digest ?? unknown,
      width: train.width,
    },
    train,
    heldOut,
  };
}

function asMatrix({ shape, data }: Tensor, path: string): Matrix {
  const [rows, width] = shape as [number, number];
  if (shape.length === 2 && rows > 0 && width > 0) return { rows, width, data };
  throw usage(`${path}: vectors of shape [${shape}]`, "vectors are [rows, width]");
}

function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ExpectedError({
      code: "file-unreadable",
      message: `cannot read ${path}: ${(error as Error).message}`,
      hint: "check the path",
      cause: error,
    });
  }
}
