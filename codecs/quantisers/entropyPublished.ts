/**
 * The proposal's `entropy-codebook`, as published: 32 slots that share 192 entries, Gaussian noise 0.02 on z, the mixture
 * softmax(−distance) in place of a choice, loss (1 − cosine) + 0.03 · entropy of the mixture + 0.01 · mean(out²), Adam
 * 2e-3, 150 epochs. The width of a slot is not published: 16, as in `vq-codebook`. Nor are the data: here the first 250
 * training vectors in one batch, as many as the `vq-codebook` has.
 *
 * Published defects, kept: the mixture is never quantised, so what it decodes was never sent; only the conditional entropy
 * is minimised, so the code collapses. `encode` and `decode` take the nearest entry, which is all that symbols can say;
 * decodeMixture gives what was published.
 */
import { nn, numpy as np } from "@jax-js/jax";
import { adamStep } from "./adam.ts";
import { tensor } from "./additiveTables.ts";
import { type Arrays, lossAndGradients } from "./gradients.ts";
import { codeTensors, cosineLoss, latents, linearCode, linearStart } from "./linearCode.ts";
import { matrix, rowsOf } from "./matrix.ts";
import { startJax, times } from "./products.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { refuseOtherSizes } from "./refuseSizes.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

export const ENTROPY_PUBLISHED_SIZES = { places: 32, entries: 192 };

const DIM = 16;
const SEEN = 250;
const EPOCHS = 150;
const RATE = 2e-3;
const NOISE = 0.02;
const ENTROPY = 0.03;
const OUT = 0.01;

/** @throws ExpectedError `quantiser-fixed` for any other sizes than 32 places of 192 entries; those of checkTraining. */
export async function trainEntropyPublished(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  refuseOtherSizes("entropy-published", options, ENTROPY_PUBLISHED_SIZES);
  checkTraining(vectors, options);
  const { places, entries } = ENTROPY_PUBLISHED_SIZES;
  const seen = rowsOf(vectors, 0, Math.min(SEEN, vectors.rows));
  const targets = tensor([seen.rows, seen.width], seen.data);
  const step = lossAndGradients(publishedLoss);
  const state = await trainInRounds(
    options,
    EPOCHS,
    () => start(seen.width, options.seed),
    async (before, epoch) => {
      const noise = new SeededRandom(options.seed, "noise", epoch).gaussians(seen.rows * places * DIM, NOISE);
      const { encoder, encoderBias, shared, decoder, decoderBias } = before as Readonly<Record<string, Tensor>>;
      const found = await step({ encoder, encoderBias, shared, decoder, decoderBias } as Tensors, {
        targets,
        noise: tensor([seen.rows, places * DIM], noise),
      });
      return { state: adamStep(before, found.gradients, RATE, epoch + 1), loss: found.loss };
    },
  );
  const { data } = state.shared as Tensor;
  const repeated = new Float32Array(places * data.length);
  for (let p = 0; p < places; p++) repeated.set(data, p * data.length);
  return entropyPublished(codeTensors({ ...state, entries: tensor([places, entries, DIM], repeated) }));
}

export function entropyPublished(tensors: Tensors): Quantiser {
  return linearCode("entropy-published", tensors);
}

/** What the proposal decodes: the mixture of entries, which no symbols can carry. */
export async function decodeMixture(tensors: Tensors, vectors: Matrix): Promise<Matrix> {
  await startJax();
  const { places, entries } = ENTROPY_PUBLISHED_SIZES;
  const z = await latents(tensors, vectors);
  const shared = (tensors.entries as Tensor).data.slice(0, entries * DIM);
  const array = (data: Float32Array, shape: number[]) => np.array(data as Float32Array<ArrayBuffer>).reshape(shape);
  const mixed = mixtures(array(z.data, [vectors.rows * places, DIM]), array(shared, [entries, DIM]));
  mixed.weights.dispose();
  const taken = (await mixed.taken.data()) as Float32Array;
  const decoder = matrix(places * DIM, vectors.width, (tensors.decoder as Tensor).data);
  const out = await times(matrix(vectors.rows, places * DIM, taken), decoder);
  const bias = (tensors.decoderBias as Tensor).data;
  return { ...out, data: out.data.map((value, i) => value + (bias[i % vectors.width] as number)) };
}

/** softmax(−distance) of z [n, DIM] over the entries, and the entries mixed by it. Consumes both. */
function mixtures(z: np.Array, entries: np.Array): { weights: np.Array; taken: np.Array } {
  const own = np.sum(np.square(z.ref), -1, { keepdims: true });
  const squares = np.sum(np.square(entries.ref), -1);
  const distances = np.sqrt(np.maximum(own.add(squares).sub(np.matmul(z, np.transpose(entries.ref)).mul(2)), 1e-9));
  const weights = nn.softmax(distances.neg(), -1);
  return { taken: np.matmul(weights.ref, entries), weights };
}

function publishedLoss(
  { encoder, encoderBias, shared, decoder, decoderBias }: Arrays,
  { targets, noise }: Arrays,
): np.Array {
  const x = targets as np.Array;
  const rows = x.shape[0] as number;
  const { places } = ENTROPY_PUBLISHED_SIZES;
  const flat = np
    .matmul(x.ref, encoder as np.Array)
    .add(encoderBias as np.Array)
    .add(noise as np.Array);
  const { weights, taken } = mixtures(flat.reshape([rows * places, DIM]), shared as np.Array);
  const entropy = np.mean(np.sum(weights.ref.mul(np.log(weights.add(1e-9))), -1)).neg();
  const out = np.matmul(taken.reshape([rows, places * DIM]), decoder as np.Array).add(decoderBias as np.Array);
  const energy = np.mean(np.square(out.ref));
  return cosineLoss(out, x).add(entropy.mul(ENTROPY)).add(energy.mul(OUT));
}

function start(width: number, seed: number): Tensors {
  const random = new SeededRandom(seed, "start");
  const { places, entries } = ENTROPY_PUBLISHED_SIZES;
  const encoder = linearStart(width, places * DIM, random);
  const decoder = linearStart(places * DIM, width, random);
  return {
    encoder: encoder.weight,
    encoderBias: encoder.bias,
    shared: tensor([entries, DIM], random.gaussians(entries * DIM)),
    decoder: decoder.weight,
    decoderBias: decoder.bias,
    centre: tensor([width], new Float32Array(width)),
  };
}
