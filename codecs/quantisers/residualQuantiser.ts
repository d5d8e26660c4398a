/**
 * Residual quantisation (Chen, Guan and Wang 2010, Sensors 10:11259): each place quantises what the places before it
 * left over. Codes are found by beam search, and each place is trained on what the best beams leave over, as faiss does.
 * A code's first places are a coarser code by themselves.
 */
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { type Beams, bestCodes, extendBeams, noBeams, type PlaceTables, placeTables } from "./beamSearch.ts";
import { kMeansStart, LLOYD_ROUNDS, lloydRound, type View } from "./kMeans.ts";
import { firstColumns, lessRow, meanRow, rowsOf } from "./matrix.ts";
import { principalAxes } from "./principalAxes.ts";
import { entriesOf } from "./productQuantiser.ts";
import { times } from "./products.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, type Round, trainInRounds } from "./trainInRounds.ts";

const STEPS = 10;
const ROUNDS_A_STEP = 2;

/** Vectors encoded together, which bounds the memory of beams. */
const BLOCK = 4096;

/** @throws ExpectedError those of checkTraining. */
export async function trainResidualQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const mean = meanRow(vectors);
  const training = new ResidualTraining(lessRow(vectors, mean), options);
  const { rounds } = training;
  const state = await trainInRounds(options, rounds, training.start, training.round);
  return residualQuantiser({ ...state, mean: tensor([vectors.width], mean) });
}

/**
 * The rounds of training on centred vectors: for each place those of k-means. In the first of them the nearest entries
 * are looked for along few axes of largest variance, then along more, so that entries share the vectors among them: in
 * many dimensions at once one entry near the centre is nearest to nearly all (Douze et al. 2024, arXiv 2401.08281, call it
 * progressive dimensions).
 */
export class ResidualTraining {
  private readonly seed: number;
  private axes: { readonly of: Matrix; readonly columns: Matrix; readonly along: Matrix } | null = null;

  readonly rounds: number;
  readonly start: () => Tensors;
  readonly round: (state: Tensors, index: number) => Promise<Round>;

  constructor(centred: Matrix, { places, entries, seed }: TrainingOptions) {
    this.seed = seed;
    const residuals = new ResidualPath(centred);
    const shape = [places, entries, centred.width];
    this.rounds = places * LLOYD_ROUNDS;
    this.start = () => ({ entries: tensor(shape, new Float32Array(places * entries * centred.width)) });
    this.round = async (before, index) => {
      const place = Math.floor(index / LLOYD_ROUNDS);
      const known = before.entries as Tensor;
      const left = await residuals.upTo(place, known);
      const random = new SeededRandom(seed, "entries", place);
      const from = index % LLOYD_ROUNDS === 0 ? kMeansStart(left, entries, random) : entriesOf(known, place);
      const moved = await lloydRound(left, from, await this.view(left, from, index));
      const data = known.data.slice();
      data.set(moved.entries.data, place * entries * centred.width);
      return { state: { entries: tensor(shape, data) }, loss: moved.error };
    };
  }

  /** What a round of k-means sees of the vectors that are left and of the entries. */
  private async view(left: Matrix, entries: Matrix, index: number): Promise<View> {
    const count = axesIn(index % LLOYD_ROUNDS, left.width);
    if (count >= left.width) return { vectors: left, entries };
    if (this.axes?.of !== left) {
      const most = axesIn((STEPS - 1) * ROUNDS_A_STEP - 1, left.width);
      const columns = await principalAxes(left, most, this.seed);
      this.axes = { of: left, columns, along: await times(left, columns) };
    }
    const { columns, along } = this.axes;
    return { vectors: firstColumns(along, count), entries: await times(entries, firstColumns(columns, count)) };
  }
}

/** Axes that are looked along in each of the first rounds: 1 to all, growing by the same factor every second round. */
function axesIn(round: number, width: number): number {
  return Math.floor(width ** Math.min(1, (1 + Math.floor(round / ROUNDS_A_STEP)) / STEPS));
}

/** The quantiser of tensors `entries` [places, entries, width] and `mean` [width]. */
export function residualQuantiser(tensors: Tensors): Quantiser {
  const known = part(tensors, "entries", 3);
  const [places, entries, width] = known.shape as [number, number, number];
  const mean = part(tensors, "mean", 1).data;
  if (mean.length !== width) throw new Error(`the mean has ${mean.length} numbers, not ${width}`);
  const tables: AdditiveTables = { places, entries, width, mean, data: known.data };
  let prepared: Promise<readonly PlaceTables[]> | null = null;
  return {
    kind: "rq",
    width,
    sizes: Array.from({ length: places }, () => entries),
    nested: true,
    encode: async (vectors) => {
      prepared ??= Promise.all(Array.from({ length: places }, (_, place) => placeTables(known, place)));
      const codes = new Uint16Array(vectors.rows * places);
      let at = 0;
      for (const block of blocks(lessRow(vectors, mean))) {
        let beams = noBeams(block);
        for (const one of await prepared) beams = await extendBeams(beams, one);
        codes.set(bestCodes(beams), at);
        at += block.rows * places;
      }
      return codes;
    },
    decode: (codes, first) => decodeTables(tables, codes, first),
    tensors,
  };
}

/** What the trained places leave over; kept from one place to the next, or made again after an interruption. */
class ResidualPath {
  private readonly vectors: Matrix;
  private beams: readonly Beams[];
  private left: Matrix;

  constructor(vectors: Matrix) {
    this.vectors = vectors;
    this.beams = blocks(vectors).map(noBeams);
    this.left = vectors;
  }

  async upTo(place: number, entries: Tensor): Promise<Matrix> {
    const before = this.beams;
    for (let next = before[0]?.places ?? place; next < place; next++) {
      const tables = await placeTables(entries, next);
      const extended: Beams[] = [];
      for (const beams of this.beams) extended.push(await extendBeams(beams, tables));
      this.beams = extended;
    }
    if (this.beams !== before) this.left = leftOver(this.vectors, this.beams, entries);
    return this.left;
  }
}

/** The vectors less what their best codes stand for. */
function leftOver(vectors: Matrix, beams: readonly Beams[], entries: Tensor): Matrix {
  const [, size, width] = entries.shape as [number, number, number];
  const data = vectors.data.slice();
  let at = 0;
  for (const one of beams) {
    const codes = bestCodes(one);
    for (let r = 0; r < one.vectors.rows; r++, at += width)
      for (let p = 0; p < one.places; p++) {
        const from = (p * size + (codes[r * one.places + p] as number)) * width;
        for (let c = 0; c < width; c++) data[at + c] = (data[at + c] as number) - (entries.data[from + c] as number);
      }
  }
  return { ...vectors, data };
}

function blocks(vectors: Matrix): Matrix[] {
  return Array.from({ length: Math.ceil(vectors.rows / BLOCK) }, (_, b) =>
    rowsOf(vectors, b * BLOCK, Math.min(vectors.rows, (b + 1) * BLOCK)),
  );
}
