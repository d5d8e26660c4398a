import { ExpectedError } from "../../errors.ts";
import type { Matrix, Tensors, TrainingOptions } from "./Quantiser.ts";

export interface Round {
  readonly state: Tensors;
  /** What `progress` is told. */
  readonly loss: number;
  /** Whether nothing is to be gained by further rounds. */
  readonly done?: boolean;
}

/**
 * Runs rounds from `start` on, or from where the checkpoint left off. A round may depend on the state, its number and
 * the seed alone, so that a training that was cut ends in the same bytes as one that was not.
 * @throws the signal's reason.
 */
export async function trainInRounds(
  options: TrainingOptions,
  rounds: number,
  start: () => Tensors | Promise<Tensors>,
  round: (state: Tensors, index: number) => Promise<Round>,
): Promise<Tensors> {
  const { signal, checkpoint, progress } = options;
  const kept = checkpoint?.load() ?? null;
  let state = kept === null ? await start() : kept.state;
  for (let index = kept?.round ?? 0; index < rounds; index++) {
    signal?.throwIfAborted();
    const next = await round(state, index);
    state = next.state;
    progress?.(index + 1, rounds, next.loss);
    // A state that is done is kept as that of the last round, so that it is not trained further.
    checkpoint?.save(next.done ? rounds : index + 1, state);
    if (next.done) break;
    // Rounds may be short and never wait: a signal has to get through.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return state;
}

/** What no quantiser can be trained on. @throws ExpectedError `vectors-too-few`, `vectors-not-finite`, `quantiser-sizes`. */
export function checkTraining(vectors: Matrix, { places, entries }: TrainingOptions): void {
  if (!(places >= 1 && Number.isInteger(places) && entries >= 2 && entries <= 65_536 && Number.isInteger(entries))) {
    throw new ExpectedError({
      code: "quantiser-sizes",
      message: `a code of ${places} places with ${entries} entries each cannot be made`,
      hint: "places is a whole number from 1 on, entries from 2 to 65536",
    });
  }
  if (vectors.rows < entries) {
    throw new ExpectedError({
      code: "vectors-too-few",
      message: `${vectors.rows} vectors are too few for ${entries} entries a place`,
      hint: `train on at least ${entries} vectors (better ${30 * entries}), or on fewer entries`,
    });
  }
  const bad = vectors.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new ExpectedError({
    code: "vectors-not-finite",
    message: `the vector of row ${Math.floor(bad / vectors.width)} holds ${vectors.data[bad]}`,
    hint: "leave that text out, or look at what the embedder makes of it",
  });
}
