/**
 * The proposal's `entropy-codebook` repaired: annealed vector quantisation. While it trains, a place is a mixture of its
 * entries by softmax(−distance² / temperature), the temperature falls until the mixture is a choice, and the entropy of the
 * entries' use (the marginal one, over vectors) is raised, so that the code does not collapse; z gets noise. At the end the
 * nearest entry is taken, and the decoder is fitted to that. Loss 1 − cosine of centred vectors.
 */
import { nn, numpy as np } from "@jax-js/jax";
import { adamStep } from "./adam.ts";
import { tensor } from "./additiveTables.ts";
import { type Arrays, lossAndGradients } from "./gradients.ts";
import { finishLinear, hardLoss, keepBest, startLinear } from "./learnedCode.ts";
import { cosineLoss, latents, linearCode } from "./linearCode.ts";
import { lessRow, pickRows } from "./matrix.ts";
import { cut, lloydParts } from "./productQuantiser.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

const EPOCHS = 24;
const BATCH = 256;
const RATE = 5e-4;
/** Temperature at first and at last, in units of the squared distance to the nearest entry at the start. */
const HOT = 0.5;
const COLD = 0.02;
/** Weight of the use's entropy, as a share of its greatest value (the published weight of the other entropy). */
const USE = 0.03;
/** Deviation of the noise on z, in units of the distance to the nearest entry at the start. */
const NOISE = 0.1;

/** Stops early where `heldOut` gains nothing once cold. @throws ExpectedError those of checkTraining. */
export async function trainEntropyQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const { places, seed, heldOut } = options;
  const step = lossAndGradients(annealedLoss);
  const batch = Math.min(BATCH, vectors.rows);
  const batches = Math.floor(vectors.rows / batch);
  const state = await trainInRounds(
    options,
    EPOCHS,
    async () => {
      const start = await startLinear(vectors, options);
      const { error } = await lloydParts(cut(await latents(start, vectors), places), start.entries as Tensor);
      return { ...start, distance: tensor([1], Float32Array.of(error / places)) };
    },
    async (before, epoch) => {
      const random = new SeededRandom(seed, "epoch", epoch);
      const order = random.sample(vectors.rows, batches * batch);
      const [distance = 1] = (before.distance as Tensor).data;
      const temperature = tensor([1], Float32Array.of(distance * HOT * (COLD / HOT) ** (epoch / (EPOCHS - 1))));
      const { shape } = before.entries as Tensor;
      const [, , dim] = shape as [number, number, number];
      let now = before;
      let loss = 0;
      for (let b = 0; b < batches; b++) {
        const rows = pickRows(vectors, order.subarray(b * batch, (b + 1) * batch));
        const targets = tensor([batch, rows.width], lessRow(rows, (now.centre as Tensor).data).data);
        const noise = random.gaussians(batch * places * dim, NOISE * Math.sqrt(distance / dim));
        const { encoder, encoderBias, entries, decoder } = now as Readonly<Record<string, Tensor>>;
        const found = await step({ encoder, encoderBias, entries, decoder } as Tensors, {
          targets,
          temperature,
          noise: tensor([batch, places * dim], noise),
        });
        now = adamStep(now, found.gradients, RATE, epoch * batches + b + 1);
        loss += found.loss / batches;
      }
      if (heldOut === undefined) return { state: now, loss };
      const best = keepBest(now, await hardLoss("entropy", now, heldOut));
      return { state: best.state, loss, done: best.done && epoch >= EPOCHS / 2 };
    },
  );
  return entropyQuantiser(await finishLinear(state, vectors, options));
}

export function entropyQuantiser(tensors: Tensors): Quantiser {
  return linearCode("entropy", tensors);
}

function annealedLoss(
  { encoder, encoderBias, entries, decoder }: Arrays,
  { targets, temperature, noise }: Arrays,
): np.Array {
  const e = entries as np.Array;
  const x = targets as np.Array;
  const [places, size, dim] = e.shape as [number, number, number];
  const rows = x.shape[0] as number;
  const flat = np
    .matmul(x.ref, encoder as np.Array)
    .add(encoderBias as np.Array)
    .add(noise as np.Array);
  // [places, rows, dim]
  const z = np.transpose(flat.reshape([rows, places, dim]), [1, 0, 2]);
  const products = np.matmul(z, np.transpose(e.ref, [0, 2, 1]));
  const squares = np.sum(np.square(e.ref), -1).reshape([places, 1, size]);
  // |z|² is the same for all entries and falls out of the softmax.
  const weights = nn.softmax(
    products
      .mul(2)
      .sub(squares)
      .div(temperature as np.Array),
    -1,
  );
  const use = np.mean(weights.ref, 1);
  const entropy = np.sum(use.ref.mul(np.log(use.add(1e-9))), -1).neg();
  const spread = np.mean(entropy).div(Math.log(size)).mul(USE);
  const taken = np.transpose(np.matmul(weights, e), [1, 0, 2]).reshape([rows, places * dim]);
  return cosineLoss(np.matmul(taken, decoder as np.Array), x).sub(spread);
}
