/**
 * Additive quantisation by local search (LSQ: Martinez, Clement, Hoos and Little 2016, ECCV; LSQ++: Martinez, Zakhmi,
 * Hoos and Little 2018, ECCV): the entries of all places are as wide as the vector and are chosen together. Codes are
 * found by iterated conditional modes with perturbation (iteratedModes.ts); entries are the least-squares solution for
 * the codes, shaken by noise that cools (SR-D of LSQ++: noise on the entries, temperature (1 − round/rounds)^½). Training
 * begins with a residual quantiser, and so does encoding, with its beam search.
 */
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { type Interactions, improveCodes, interactions } from "./iteratedModes.ts";
import { leastSquaresEntries } from "./leastSquaresEntries.ts";
import { lessRow, meanRow, meanSquaredError } from "./matrix.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { ResidualTraining, residualQuantiser } from "./residualQuantiser.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

/** faiss takes as many. */
const ROUNDS = 25;
/** Share of the published noise: training begins with entries that are good already. */
const HEAT = 0.3;
const SEARCHES_IN_TRAINING = 4;
/** Perturbations a vector when it is encoded (LSQ++, section 5: 16 to 32 for queries). */
const SEARCHES = 32;

/** @throws ExpectedError those of checkTraining. */
export async function trainAdditiveQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const { places, seed } = options;
  const { width } = vectors;
  const mean = meanRow(vectors);
  const centred = lessRow(vectors, mean);
  const spread = deviations(centred);
  const first = new ResidualTraining(centred, options);
  const state = await trainInRounds(options, first.rounds + ROUNDS, first.start, async (before, index) => {
    if (index < first.rounds) return first.round(before, index);
    const round = index - first.rounds;
    const known = before.entries as Tensor;
    const codes = before.codes === undefined ? await firstCodes(centred, known) : Uint16Array.from(before.codes.data);
    const heat = HEAT * Math.sqrt(1 - (round + 1) / ROUNDS);
    const shaken = shake(known, spread, heat, new SeededRandom(seed, "heat", round));
    const random = new SeededRandom(seed, "search", round);
    await improveCodes(centred, codes, await interactions(shaken), SEARCHES_IN_TRAINING, random);
    // The residual quantiser's entries, which every vector had a part in.
    const anchor = before.anchor ?? known;
    const solved = await leastSquaresEntries(centred, codes, known, anchor);
    const loss = meanSquaredError(centred, decodeTables(tablesOf(solved, new Float32Array(width)), codes));
    return {
      state: { entries: solved, codes: tensor([vectors.rows, places], Float32Array.from(codes)), anchor },
      loss,
    };
  });
  return additiveQuantiser({ entries: state.entries as Tensor, mean: tensor([width], mean) });
}

/** The quantiser of tensors `entries` [places, entries, width] and `mean` [width]. */
export function additiveQuantiser(tensors: Tensors): Quantiser {
  const known = part(tensors, "entries", 3);
  const mean = part(tensors, "mean", 1).data;
  const tables = tablesOf(known, mean);
  if (mean.length !== tables.width) throw new Error(`the mean has ${mean.length} numbers, not ${tables.width}`);
  const greedy = residualQuantiser(tensors);
  let prepared: Promise<Interactions> | null = null;
  return {
    kind: "lsq",
    width: tables.width,
    sizes: Array.from({ length: tables.places }, () => tables.entries),
    nested: false,
    encode: async (vectors) => {
      prepared ??= interactions(known);
      const codes = await greedy.encode(vectors);
      // One seed for all: a vector's code must not depend on the vectors beside it.
      await improveCodes(lessRow(vectors, mean), codes, await prepared, SEARCHES, new SeededRandom(0, "encode"));
      return codes;
    },
    decode: (codes) => decodeTables(tables, codes),
    tensors,
  };
}

function tablesOf({ shape, data }: Tensor, mean: Float32Array): AdditiveTables {
  const [places, entries, width] = shape as [number, number, number];
  return { places, entries, width, mean, data };
}

/** Codes of centred vectors by the residual quantiser that training begins with. */
function firstCodes(centred: Matrix, entries: Tensor): Promise<Uint16Array> {
  const mean = tensor([centred.width], new Float32Array(centred.width));
  return residualQuantiser({ entries, mean }).encode(centred);
}

/** Standard deviation of each column of centred vectors. */
function deviations({ rows, width, data }: Matrix): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) sums[i % width] = (sums[i % width] as number) + (data[i] as number) ** 2;
  return Float32Array.from(sums, (sum) => Math.sqrt(sum / rows));
}

function shake({ shape, data }: Tensor, spread: Float32Array, heat: number, random: SeededRandom): Tensor {
  const places = shape[0] as number;
  const moved = Float32Array.from(
    data,
    (value, i) => value + (heat / places) * (spread[i % spread.length] as number) * random.gaussian(),
  );
  return tensor(shape, moved);
}
