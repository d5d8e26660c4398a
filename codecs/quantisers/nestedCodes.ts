/** Lengths of nested codes: as short as a vector allows, and shorter with age. */
import { ExpectedError } from "../../errors.ts";
import type { Matrix, Quantiser } from "./Quantiser.ts";

/**
 * How many places of its code each vector needs: as many as it takes until what is left over is at most `share` of the
 * vector's squared distance from the decoder's mean (the code of no places); all places where that is never reached. A
 * shortened code says where it ends by its length.
 * @param codes [rows, places]. @param share from 0 to 1.
 * @throws ExpectedError `quantiser-not-nested`.
 */
export function neededPlaces(quantiser: Quantiser, vectors: Matrix, codes: Uint16Array, share: number): Uint16Array {
  refuseUnnested(quantiser);
  const places = quantiser.sizes.length;
  const whole = squaredErrors(vectors, quantiser.decode(codes, 0));
  const needed = new Uint16Array(vectors.rows).fill(places);
  for (let count = places - 1; count >= 1; count--) {
    const left = squaredErrors(vectors, quantiser.decode(codes, count));
    left.forEach((error, r) => {
      if (error <= share * (whole[r] as number)) needed[r] = count;
    });
  }
  return needed;
}

/** From this age on, in whatever unit the caller counts, a code keeps so many places. */
export interface ForgettingStep {
  readonly age: number;
  readonly places: number;
}

/**
 * Places that a code of an age keeps: those of the last step that the age has reached; `whole` before the first.
 * @param schedule ages ascending, places descending; the caller checks it with checkSchedule.
 */
export function placesAtAge(schedule: readonly ForgettingStep[], age: number, whole: number): number {
  const reached = schedule.filter((step) => age >= step.age);
  return Math.min(whole, reached.at(-1)?.places ?? whole);
}

/** @throws ExpectedError `quantiser-not-nested`. */
export function refuseUnnested(quantiser: Quantiser): void {
  if (quantiser.nested) return;
  throw new ExpectedError({
    code: "quantiser-not-nested",
    message: `codes of kind ${quantiser.kind} cannot be shortened: their places make sense together only`,
    hint: "train a codebook of kind rq, whose first places are a coarser code",
  });
}

function squaredErrors(vectors: Matrix, decoded: Matrix): Float64Array {
  const out = new Float64Array(vectors.rows);
  for (let i = 0; i < vectors.data.length; i++) {
    const r = Math.floor(i / vectors.width);
    out[r] = (out[r] as number) + ((vectors.data[i] as number) - (decoded.data[i] as number)) ** 2;
  }
  return out;
}
