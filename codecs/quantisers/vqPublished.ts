/**
 * The proposal's `vq-codebook`, as published: linear encoder to 16, 128 entries of 16, the nearest entry, ONE symbol for
 * the sentence (the mean over symbols is that of one), linear decoder; loss 1 − cosine, Adam 1e-3, 100 epochs over 5
 * sentences × 50. Here the sentences are the first five training vectors, all five in each of the 50 steps of an epoch.
 *
 * Published defects, kept: argmin has no gradient, so the encoder stays as it was drawn; five sentences are all it sees.
 */
import { numpy as np } from "@jax-js/jax";
import { adamStep } from "./adam.ts";
import { tensor } from "./additiveTables.ts";
import { type Arrays, lossAndGradients } from "./gradients.ts";
import { codeTensors, cosineLoss, latents, linearCode, linearStart } from "./linearCode.ts";
import { matrix, rowsOf } from "./matrix.ts";
import { nearestEntries } from "./nearestEntries.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { refuseOtherSizes } from "./refuseSizes.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

export const VQ_PUBLISHED_SIZES = { places: 1, entries: 128 };

const DIM = 16;
const SENTENCES = 5;
const REPEATS = 50;
const EPOCHS = 100;
const RATE = 1e-3;

/** @throws ExpectedError `quantiser-fixed` for any other sizes than 1 place of 128 entries; those of checkTraining. */
export async function trainVqPublished(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  refuseOtherSizes("vq-published", options, VQ_PUBLISHED_SIZES);
  checkTraining(vectors, options);
  const seen = rowsOf(vectors, 0, Math.min(SENTENCES, vectors.rows));
  const targets = tensor([seen.rows, seen.width], seen.data);
  const step = lossAndGradients(decodedLoss);
  const state = await trainInRounds(
    options,
    EPOCHS,
    () => start(seen.width, options.seed),
    async (before, epoch) => {
      const z = await latents(before, seen);
      let now = before;
      let loss = 0;
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const { entries, decoder, decoderBias } = now as Readonly<
          Record<"entries" | "decoder" | "decoderBias", Tensor>
        >;
        const { indices } = await nearestEntries(z, matrix(VQ_PUBLISHED_SIZES.entries, DIM, entries.data));
        const found = await step({ entries, decoder, decoderBias }, { chosen: oneHot(indices), targets });
        now = adamStep(now, found.gradients, RATE, epoch * REPEATS + repeat + 1);
        loss = found.loss;
      }
      return { state: now, loss };
    },
  );
  return vqPublished(codeTensors(state));
}

export function vqPublished(tensors: Tensors): Quantiser {
  return linearCode("vq-published", tensors);
}

function decodedLoss({ entries, decoder, decoderBias }: Arrays, { chosen, targets }: Arrays): np.Array {
  const table = (entries as np.Array).reshape([VQ_PUBLISHED_SIZES.entries, DIM]);
  const entry = np.matmul(chosen as np.Array, table);
  return cosineLoss(np.matmul(entry, decoder as np.Array).add(decoderBias as np.Array), targets as np.Array);
}

function start(width: number, seed: number): Tensors {
  const random = new SeededRandom(seed, "start");
  const { places, entries } = VQ_PUBLISHED_SIZES;
  const encoder = linearStart(width, DIM, random);
  const decoder = linearStart(DIM, width, random);
  return {
    encoder: encoder.weight,
    encoderBias: encoder.bias,
    entries: tensor([places, entries, DIM], random.gaussians(entries * DIM)),
    decoder: decoder.weight,
    decoderBias: decoder.bias,
    centre: tensor([width], new Float32Array(width)),
  };
}

function oneHot(indices: Uint16Array): Tensor {
  const out = new Float32Array(indices.length * VQ_PUBLISHED_SIZES.entries);
  indices.forEach((index, r) => {
    out[r * VQ_PUBLISHED_SIZES.entries + index] = 1;
  });
  return tensor([indices.length, VQ_PUBLISHED_SIZES.entries], out);
}
