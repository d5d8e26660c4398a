/**
 * The random projection repaired: each place keeps one Gaussian projection of the vector, cut at its quantiles into
 * equally frequent cells, so that the symbol keeps sign and order; the vector is decoded from the symbols alone, by ridge
 * regression on the cells' means.
 */
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { lessRow, matrix, meanRow, meanSquaredError } from "./matrix.ts";
import { timesTransposed } from "./products.ts";
import type { Matrix, Quantiser, Tensors, TrainingOptions } from "./Quantiser.ts";
import { ridgeRegression } from "./ridgeRegression.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining } from "./trainInRounds.ts";

const RIDGE = 1e-3;

/** Training is one step, so there is nothing to check-point. @throws ExpectedError those of checkTraining. */
export async function trainScalarQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const { places, entries, seed } = options;
  options.signal?.throwIfAborted();
  const mean = meanRow(vectors);
  const centred = lessRow(vectors, mean);
  const random = new SeededRandom(seed, "projection");
  const projection = matrix(places, vectors.width, random.gaussians(places * vectors.width));
  const projected = await timesTransposed(centred, projection);
  const { cuts, levels } = cellsOf(projected, entries);
  const read = matrix(vectors.rows, places);
  cellIndices(projected, cuts, entries).forEach((cell, i) => {
    read.data[i] = levels[(i % places) * entries + cell] as number;
  });
  const decoder = await ridgeRegression(read, centred, RIDGE);
  const quantiser = scalarQuantiser({
    projection: tensor([places, vectors.width], projection.data),
    cuts: tensor([places, entries - 1], cuts),
    levels: tensor([places, entries], levels),
    decoder: tensor([places, vectors.width], decoder.data),
    mean: tensor([vectors.width], mean),
  });
  options.progress?.(1, 1, meanSquaredError(vectors, quantiser.decode(await quantiser.encode(vectors))));
  return quantiser;
}

/**
 * The quantiser of tensors `projection` and `decoder` [places, width], `cuts` [places, entries − 1] ascending, `levels`
 * [places, entries] and `mean` [width].
 */
export function scalarQuantiser(tensors: Tensors): Quantiser {
  const levels = part(tensors, "levels", 2);
  const [places, entries] = levels.shape as [number, number];
  const mean = part(tensors, "mean", 1).data;
  const width = mean.length;
  const projection = matrix(places, width, part(tensors, "projection", 2).data);
  const decoder = matrix(places, width, part(tensors, "decoder", 2).data);
  const cuts = matrix(places, entries - 1, part(tensors, "cuts", 2).data).data;
  let tables: AdditiveTables | null = null;
  return {
    kind: "scalar",
    width,
    sizes: Array.from({ length: places }, () => entries),
    nested: false,
    encode: async (vectors) => cellIndices(await timesTransposed(lessRow(vectors, mean), projection), cuts, entries),
    decode: (codes) => {
      tables ??= { places, entries, width, mean, data: contributions(levels.data, decoder, entries) };
      return decodeTables(tables, codes);
    },
    tensors,
  };
}

/** Cuts at the quantiles of each column, and the mean of what falls between them. */
function cellsOf(projected: Matrix, entries: number): { cuts: Float32Array; levels: Float32Array } {
  const { rows, width: places } = projected;
  const cuts = new Float32Array(places * (entries - 1));
  const levels = new Float32Array(places * entries);
  for (let p = 0; p < places; p++) {
    const sorted = Float32Array.from({ length: rows }, (_, r) => projected.data[r * places + p] as number).sort();
    for (let cell = 0; cell < entries; cell++) {
      const from = Math.floor((cell * rows) / entries);
      const to = Math.floor(((cell + 1) * rows) / entries);
      levels[p * entries + cell] = sorted.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
      if (cell > 0) cuts[p * (entries - 1) + cell - 1] = ((sorted[from - 1] as number) + (sorted[from] as number)) / 2;
    }
  }
  return { cuts, levels };
}

/** How many cuts of its place each value reaches. */
function cellIndices({ width: places, data }: Matrix, cuts: Float32Array, entries: number): Uint16Array {
  return Uint16Array.from(data, (value, i) => {
    const from = (i % places) * (entries - 1);
    let low = 0;
    let high = entries - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value >= (cuts[from + middle] as number)) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** What each cell of each place adds to the decoded vector. */
function contributions(levels: Float32Array, { rows, width, data }: Matrix, entries: number): Float32Array {
  const out = new Float32Array(rows * entries * width);
  for (let i = 0; i < rows * entries; i++) {
    const from = Math.floor(i / entries) * width;
    for (let c = 0; c < width; c++) out[i * width + c] = (levels[i] as number) * (data[from + c] as number);
  }
  return out;
}
