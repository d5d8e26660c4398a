/**
 * Product quantisation (Jégou, Douze and Schmid 2011, IEEE TPAMI 33:117): the vector is cut into as many parts as there
 * are places, and each part is replaced by the nearest of its own entries.
 */
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { kMeansStart, LLOYD_ROUNDS, lloydRound } from "./kMeans.ts";
import { columnsOf, lessRow, matrix, meanRow } from "./matrix.ts";
import { nearestEntries } from "./nearestEntries.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { refuseUneven } from "./refuseSizes.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

/**
 * @throws ExpectedError `quantiser-uneven` where the places do not divide the width; those of checkTraining.
 */
export async function trainProductQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  refuseUneven(vectors.width, options.places);
  const mean = meanRow(vectors);
  const parts = cut(lessRow(vectors, mean), options.places);
  const state = await trainInRounds(
    options,
    LLOYD_ROUNDS,
    () => ({ entries: startEntries(parts, options) }),
    async ({ entries }) => {
      const { moved, error } = await lloydParts(parts, entries as Tensor);
      return { state: { entries: moved }, loss: error };
    },
  );
  return productQuantiser({ ...state, mean: tensor([vectors.width], mean) });
}

/** The quantiser of tensors `entries` [places, entries, width / places] and `mean` [width]. */
export function productQuantiser(tensors: Tensors): Quantiser {
  const { shape } = part(tensors, "entries", 3);
  const [places, entries, sub] = shape as [number, number, number];
  const mean = part(tensors, "mean", 1).data;
  if (mean.length !== places * sub) throw new Error(`the mean has ${mean.length} numbers, not ${places * sub}`);
  let tables: AdditiveTables | null = null;
  return {
    kind: "pq",
    width: mean.length,
    sizes: Array.from({ length: places }, () => entries),
    nested: false,
    encode: (vectors) => encodeParts(cut(lessRow(vectors, mean), places), tensors.entries as Tensor),
    decode: (codes) => {
      tables ??= { places, entries, width: mean.length, mean, data: spread(tensors.entries as Tensor) };
      return decodeTables(tables, codes);
    },
    tensors,
  };
}

/** A part of the columns for each place. */
export function cut(vectors: Matrix, places: number): readonly Matrix[] {
  const sub = vectors.width / places;
  return Array.from({ length: places }, (_, p) => columnsOf(vectors, p * sub, (p + 1) * sub));
}

export function startEntries(parts: readonly Matrix[], { entries, seed }: TrainingOptions): Tensor {
  const starts = parts.map((vectors, p) => kMeansStart(vectors, entries, new SeededRandom(seed, "entries", p)));
  return joined(starts);
}

/** One round of k-means in every part; `error` is summed over the parts. */
export async function lloydParts(parts: readonly Matrix[], entries: Tensor): Promise<{ moved: Tensor; error: number }> {
  const moved: Matrix[] = [];
  let error = 0;
  for (const [p, vectors] of parts.entries()) {
    const round = await lloydRound(vectors, entriesOf(entries, p));
    moved.push(round.entries);
    error += round.error;
  }
  return { moved: joined(moved), error };
}

export async function encodeParts(parts: readonly Matrix[], entries: Tensor): Promise<Uint16Array> {
  const codes = new Uint16Array((parts[0]?.rows ?? 0) * parts.length);
  for (const [p, vectors] of parts.entries()) {
    const { indices } = await nearestEntries(vectors, entriesOf(entries, p));
    for (let r = 0; r < indices.length; r++) codes[r * parts.length + p] = indices[r] as number;
  }
  return codes;
}

/** The entries of one place of [places, entries, width]. */
export function entriesOf({ shape, data }: Tensor, place: number): Matrix {
  const [, entries, width] = shape as [number, number, number];
  return matrix(entries, width, data.subarray(place * entries * width, (place + 1) * entries * width));
}

function joined(parts: readonly Matrix[]): Tensor {
  const [{ rows, width }] = parts as [Matrix];
  const data = new Float32Array(parts.length * rows * width);
  parts.forEach((one, p) => {
    data.set(one.data, p * rows * width);
  });
  return tensor([parts.length, rows, width], data);
}

/** Entries of parts as entries of the whole width, zero elsewhere: [places, entries, places · sub]. */
export function spread({ shape, data }: Tensor): Float32Array {
  const [places, entries, sub] = shape as [number, number, number];
  const out = new Float32Array(places * entries * places * sub);
  for (let p = 0; p < places; p++)
    for (let k = 0; k < entries; k++) {
      const from = (p * entries + k) * sub;
      out.set(data.subarray(from, from + sub), (p * entries + k) * places * sub + p * sub);
    }
  return out;
}
