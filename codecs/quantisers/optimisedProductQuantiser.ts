/**
 * Optimised product quantisation, non-parametric (Ge, He, Ke and Sun 2013, CVPR, section 3.1): a rotation R is learned
 * so that product quantisation of Rᵀx loses least. Entries and rotation are improved in turn; the rotation that brings
 * X nearest to the decoded Y is UVᵀ of the singular value decomposition XᵀY = USVᵀ (Schönemann 1966).
 */
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { LLOYD_ROUNDS } from "./kMeans.ts";
import { lessRow, matrix, meanRow } from "./matrix.ts";
import { nearestRotation } from "./nearestRotation.ts";
import { cut, encodeParts, lloydParts, spread, startEntries } from "./productQuantiser.ts";
import { times, transposed } from "./products.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { refuseUneven } from "./refuseSizes.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

/** Rounds that turn the vectors; the rest of the rounds refine the entries alone. */
const ROTATIONS = 40;

/** @throws ExpectedError `quantiser-uneven`; those of checkTraining. */
export async function trainOptimisedProductQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const { width } = vectors;
  const { places, seed } = options;
  refuseUneven(width, places);
  const mean = meanRow(vectors);
  const centred = lessRow(vectors, mean);
  const across = transposed(centred);
  const state = await trainInRounds(
    options,
    ROTATIONS + LLOYD_ROUNDS,
    async () => {
      // Any rotation at first: the directions of most variance would all fall into few places.
      const first = nearestRotation(
        matrix(width, width, new SeededRandom(seed, "rotation").gaussians(width ** 2)),
        null,
      );
      const parts = cut(await times(centred, first), places);
      return { rotation: tensor([width, width], first.data), entries: startEntries(parts, options) };
    },
    async ({ rotation, entries }, index) => {
      const turn = matrix(width, width, (rotation as Tensor).data);
      const parts = cut(await times(centred, turn), places);
      const { moved, error } = await lloydParts(parts, entries as Tensor);
      if (index >= ROTATIONS) return { state: { rotation: rotation as Tensor, entries: moved }, loss: error };
      const decoded = decodeTables(tablesOf(moved), await encodeParts(parts, moved));
      const next = nearestRotation(await times(across, decoded), turn);
      return { state: { rotation: tensor([width, width], next.data), entries: moved }, loss: error };
    },
  );
  return optimisedProductQuantiser({ ...state, mean: tensor([width], mean) });
}

/** The quantiser of tensors `rotation` [width, width], `entries` [places, entries, width / places], `mean` [width]. */
export function optimisedProductQuantiser(tensors: Tensors): Quantiser {
  const entries = part(tensors, "entries", 3);
  const [places, size, sub] = entries.shape as [number, number, number];
  const mean = part(tensors, "mean", 1).data;
  const width = mean.length;
  const turn = matrix(width, width, part(tensors, "rotation", 2).data);
  if (width !== places * sub) throw new Error(`the mean has ${width} numbers, not ${places * sub}`);
  let tables: AdditiveTables | null = null;
  return {
    kind: "opq",
    width,
    sizes: Array.from({ length: places }, () => size),
    nested: false,
    encode: async (vectors) => encodeParts(cut(await times(lessRow(vectors, mean), turn), places), entries),
    decode: (codes) => {
      tables ??= { places, entries: size, width, mean, data: turnedBack(entries, turn) };
      return decodeTables(tables, codes);
    },
    tensors,
  };
}

function tablesOf(entries: Tensor): AdditiveTables {
  const [places, size, sub] = entries.shape as [number, number, number];
  return { places, entries: size, width: places * sub, data: spread(entries), mean: new Float32Array(places * sub) };
}

/** Each entry in the coordinates of the vectors: Σ_c e_c R[:, c] over the columns of its place. */
function turnedBack(entries: Tensor, turn: Matrix): Float32Array {
  const [places, size, sub] = entries.shape as [number, number, number];
  const back = transposed(turn);
  const { width } = turn;
  const out = new Float32Array(places * size * width);
  for (let p = 0; p < places; p++)
    for (let k = 0; k < size; k++) {
      const at = (p * size + k) * width;
      for (let c = 0; c < sub; c++) {
        const value = entries.data[(p * size + k) * sub + c] as number;
        const from = (p * sub + c) * width;
        for (let i = 0; i < width; i++) out[at + i] = (out[at + i] as number) + value * (back.data[from + i] as number);
      }
    }
  return out;
}
