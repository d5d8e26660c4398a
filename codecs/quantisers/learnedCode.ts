/** How the repaired learned codes (vqQuantiser.ts, entropyQuantiser.ts) begin, know that they are done, and end. */
import { tensor } from "./additiveTables.ts";
import { corruptCodes } from "./corruptCodes.ts";
import { chosenEntries, codeTensors, latents, linearCode } from "./linearCode.ts";
import { lessRow, matrix, meanRow } from "./matrix.ts";
import { nearestRotation } from "./nearestRotation.ts";
import { cut, encodeParts, lloydParts, startEntries } from "./productQuantiser.ts";
import { times, transposed } from "./products.ts";
import type { Matrix, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { ridgeRegression } from "./ridgeRegression.ts";
import { SeededRandom } from "./SeededRandom.ts";

const FIRST_ROUNDS = 5;
const RIDGE = 1e-4;
/** Epochs without a gain on held-out vectors after which training stops, and the least that is a gain. */
const PATIENCE = 4;
const GAIN = 2e-4;

/** Product quantisation of some rotation: z as wide as places of equal width allow, decoded by the same rotation. */
export async function startLinear(vectors: Matrix, options: TrainingOptions): Promise<Tensors> {
  const { places, seed } = options;
  const { width } = vectors;
  const depth = places * Math.max(1, Math.floor(width / places));
  const wide = Math.max(width, depth);
  const rotation = nearestRotation(matrix(wide, wide, new SeededRandom(seed, "rotation").gaussians(wide ** 2)), null);
  const encoder = matrix(width, depth);
  for (let r = 0; r < width; r++) encoder.data.set(rotation.data.subarray(r * wide, r * wide + depth), r * depth);
  const mean = meanRow(vectors);
  const state = {
    encoder: tensor([width, depth], encoder.data),
    encoderBias: tensor([depth], new Float32Array(depth)),
    decoder: tensor([depth, width], transposed(encoder).data),
    decoderBias: tensor([width], mean),
    centre: tensor([width], mean),
  };
  const parts = cut(await latents(state, vectors), places);
  let entries = startEntries(parts, options);
  for (let round = 0; round < FIRST_ROUNDS; round++) entries = (await lloydParts(parts, entries)).moved;
  return { ...state, entries };
}

/** Mean over vectors of 1 − centred cosine, by hard symbols. */
export async function hardLoss(kind: string, state: Tensors, vectors: Matrix): Promise<number> {
  const code = linearCode(kind, codeTensors(state));
  const centre = (state.centre as Tensor).data;
  const decoded = lessRow(code.decode(await code.encode(vectors)), centre).data;
  const own = lessRow(vectors, centre).data;
  let sum = 0;
  for (let r = 0; r < vectors.rows; r++) {
    let [dot, one, other] = [0, 0, 0];
    for (let i = r * vectors.width; i < (r + 1) * vectors.width; i++) {
      dot += (own[i] as number) * (decoded[i] as number);
      one += (own[i] as number) ** 2;
      other += (decoded[i] as number) ** 2;
    }
    sum += 1 - dot / Math.sqrt(one * other || 1);
  }
  return sum / vectors.rows;
}

/** The state with the best code so far beside it (`best.NAME`, `best` = [loss, epochs without a gain]). */
export function keepBest(state: Tensors, loss: number): { readonly state: Tensors; readonly done: boolean } {
  const [least = Number.POSITIVE_INFINITY, waited = 0] = state.best?.data ?? [];
  if (loss < least - GAIN) {
    const best = Object.entries(codeTensors(state)).map(([name, one]) => [`best.${name}`, one] as const);
    return {
      state: { ...state, ...Object.fromEntries(best), best: tensor([2], Float32Array.of(loss, 0)) },
      done: false,
    };
  }
  return { state: { ...state, best: tensor([2], Float32Array.of(least, waited + 1)) }, done: waited + 1 >= PATIENCE };
}

/** The best code that training saw, its decoder the ridge regression on the entries as received, noise and all. */
export async function finishLinear(state: Tensors, vectors: Matrix, options: TrainingOptions): Promise<Tensors> {
  const best = Object.entries(codeTensors(state)).map(([name, last]) => [name, state[`best.${name}`] ?? last] as const);
  const code = Object.fromEntries(best) as Record<string, Tensor>;
  const entries = code.entries as Tensor;
  const codes = await encodeParts(cut(await latents(code, vectors), options.places), entries);
  corruptCodes(codes, options.entries, options.noise ?? 0, new SeededRandom(options.seed, "received"));
  const received = chosenEntries(codes, entries);
  const middle = meanRow(received);
  const mean = (code.centre as Tensor).data;
  const decoder = await ridgeRegression(lessRow(received, middle), lessRow(vectors, mean), RIDGE);
  const shift = await times(matrix(1, middle.length, middle), decoder);
  return {
    ...code,
    decoder: tensor([decoder.rows, decoder.width], decoder.data),
    decoderBias: tensor(
      [mean.length],
      mean.map((value, i) => value - (shift.data[i] as number)),
    ),
  };
}
