/** Sentence embeddings kept on disk by what they depend on: twenty thousand take minutes. */
import { join } from "node:path";
import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";
import type { Provider } from "../../providers/contract.ts";
import { pooledTexts } from "../pooledTexts.ts";
import { squaredDistance } from "../vectors.ts";
import { readTensors, sha256, writeTensors } from "./keptTensors.ts";
import { rowOf } from "./similarity.ts";

/** Texts asked for at a time: between them there is progress to tell, and an interrupt is heard. */
const CHUNK = 256;
/** Of these, spread over the texts, kept vectors are made again: code that has changed since is found out. */
const CHECKED = 8;
const TOLERANCE = 1e-4;

export interface KeptVectorsOptions {
  /** Where they are kept; null keeps nothing. */
  readonly folder: string | null;
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The embedding of each text, or the pooled states of a model that gives no embeddings, float32 [texts, width].
 * Kept by the sha256 of model and texts. An entry that is damaged, or that the model does not confirm on a few texts, is
 * made again.
 */
export async function keptVectors(
  embedder: Provider,
  texts: readonly string[],
  { folder, progress = () => {}, signal }: KeptVectorsOptions,
): Promise<Matrix> {
  const { digest, engine, weights, tokenizerDigest, reference } = embedder.identity;
  const key = sha256(JSON.stringify({ digest, engine, weights, tokenizerDigest, texts }));
  const path = folder === null ? null : join(folder, key);
  const make = async (some: readonly string[]): Promise<readonly Float32Array[]> =>
    embedder.capabilities.embeddings ? embedder.embed(some, signal) : pooledTexts(embedder, some, signal);
  const kept = path === null ? undefined : readTensors(path)?.vectors;
  if (kept !== undefined) {
    const vectors = { rows: kept.shape[0] as number, width: kept.shape[1] as number, data: kept.data };
    const count = Math.min(CHECKED, texts.length);
    const places = Array.from({ length: count }, (_, i) => Math.floor((i * texts.length) / count));
    const again = await make(places.map((place) => texts[place] as string));
    if (again.every((vector, i) => agrees(vector, rowOf(vectors, places[i] as number)))) return vectors;
  }
  const made: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += CHUNK) {
    signal?.throwIfAborted();
    progress(from, texts.length);
    made.push(...(await make(texts.slice(from, from + CHUNK))));
  }
  progress(texts.length, texts.length);
  const vectors = stacked(made);
  const shape = [vectors.rows, vectors.width];
  if (path !== null) writeTensors(path, { vectors: { shape, data: vectors.data } }, { embedder: reference, digest });
  return vectors;
}

/** Vectors of one width as the rows of a matrix. */
export function stacked(vectors: readonly Float32Array[]): Matrix {
  const width = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * width);
  for (const [i, vector] of vectors.entries()) data.set(vector, i * width);
  return { rows: vectors.length, width, data };
}

function agrees(one: Float32Array, other: Float32Array): boolean {
  const [difference, length] = [squaredDistance(one, other), squaredDistance(one, new Float32Array(one.length))];
  return Math.sqrt(difference) <= TOLERANCE * Math.sqrt(length);
}
