/**
 * The proposal's `vq-codebook` repaired: product quantisation of a learned linear map. Order is kept, there are as many
 * symbols as entries, and the encoder learns: the gradient passes the choice as if it were the identity (straight-through,
 * Bengio, Léonard and Courville 2013; van den Oord, Vinyals and Kavukcuoglu 2017, with its commitment term), while the
 * entries move to the means of what chose them, once an epoch. Loss 1 − cosine of centred vectors.
 */
import { lax, numpy as np } from "@jax-js/jax";
import { adamStep } from "./adam.ts";
import { tensor } from "./additiveTables.ts";
import { corruptCodes } from "./corruptCodes.ts";
import { type Arrays, lossAndGradients } from "./gradients.ts";
import { finishLinear, hardLoss, keepBest, startLinear } from "./learnedCode.ts";
import { chosenEntries, cosineLoss, latents, linearCode } from "./linearCode.ts";
import { lessRow, pickRows } from "./matrix.ts";
import { cut, encodeParts, lloydParts } from "./productQuantiser.ts";
import type { Matrix, Quantiser, Tensor, Tensors, TrainingOptions } from "./Quantiser.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { checkTraining, trainInRounds } from "./trainInRounds.ts";

const EPOCHS = 40;
const BATCH = 256;
const RATE = 5e-4;
/** Weight of the commitment term, relative to the size of z (van den Oord 2017: 0.25). */
const COMMITMENT = 0.25;

/** Stops early where `heldOut` gains nothing. @throws ExpectedError those of checkTraining. */
export async function trainVqQuantiser(vectors: Matrix, options: TrainingOptions): Promise<Quantiser> {
  checkTraining(vectors, options);
  const { places, entries: size, seed, noise = 0, heldOut } = options;
  const step = lossAndGradients(straightThroughLoss);
  const batch = Math.min(BATCH, vectors.rows);
  const batches = Math.floor(vectors.rows / batch);
  const state = await trainInRounds(
    options,
    EPOCHS,
    () => startLinear(vectors, options),
    async (before, epoch) => {
      const { moved } = await lloydParts(cut(await latents(before, vectors), places), before.entries as Tensor);
      let now: Tensors = { ...before, entries: moved };
      const random = new SeededRandom(seed, "epoch", epoch);
      const order = random.sample(vectors.rows, batches * batch);
      let loss = 0;
      for (let b = 0; b < batches; b++) {
        const rows = pickRows(vectors, order.subarray(b * batch, (b + 1) * batch));
        const codes = await encodeParts(cut(await latents(now, rows), places), moved);
        corruptCodes(codes, size, noise, random);
        const chosen = chosenEntries(codes, moved);
        const targets = lessRow(rows, (now.centre as Tensor).data);
        const { encoder, encoderBias, decoder } = now as Readonly<
          Record<"encoder" | "encoderBias" | "decoder", Tensor>
        >;
        const found = await step(
          { encoder, encoderBias, decoder },
          { targets: tensor([batch, rows.width], targets.data), chosen: tensor([batch, chosen.width], chosen.data) },
        );
        now = adamStep(now, found.gradients, RATE, epoch * batches + b + 1);
        loss += found.loss / batches;
      }
      if (heldOut === undefined) return { state: now, loss };
      return { ...keepBest(now, await hardLoss("vq", now, heldOut)), loss };
    },
  );
  return vqQuantiser(await finishLinear(state, vectors, options));
}

export function vqQuantiser(tensors: Tensors): Quantiser {
  return linearCode("vq", tensors);
}

function straightThroughLoss({ encoder, encoderBias, decoder }: Arrays, { targets, chosen }: Arrays): np.Array {
  const x = targets as np.Array;
  const z = np.matmul(x.ref, encoder as np.Array).add(encoderBias as np.Array);
  const away = (chosen as np.Array).sub(z.ref);
  const size = np.mean(np.square(lax.stopGradient(z.ref)));
  const commitment = np.mean(np.square(away.ref)).div(size).mul(COMMITMENT);
  const taken = z.add(lax.stopGradient(away));
  return cosineLoss(np.matmul(taken, decoder as np.Array), x).add(commitment);
}
