/** Lloyd's k-means (Lloyd 1982) from a random start, with empty clusters repaired; float32 entries, double sums. */
import { matrix, pickRows } from "./matrix.ts";
import { nearestEntries } from "./nearestEntries.ts";
import type { Matrix } from "./Quantiser.ts";
import type { SeededRandom } from "./SeededRandom.ts";

/** Rounds after which k-means gains next to nothing (faiss takes as many). */
export const LLOYD_ROUNDS = 25;

/** Different vectors by chance. */
export function kMeansStart(vectors: Matrix, entries: number, random: SeededRandom): Matrix {
  return pickRows(vectors, random.sample(vectors.rows, entries));
}

/** Vectors and entries as they are seen when the nearest are looked for; as they are unless given. */
export interface View {
  readonly vectors: Matrix;
  readonly entries: Matrix;
}

/**
 * One round: each entry moves to the mean of the vectors that were nearest to it. `error`: mean squared, before the
 * move; in a view it counts too little of entries that the view does not show, and serves to find who is worst off.
 */
export async function lloydRound(
  vectors: Matrix,
  entries: Matrix,
  view: View = { vectors, entries },
): Promise<{ entries: Matrix; error: number }> {
  const { rows, width, data } = vectors;
  const { indices, scores } = await nearestEntries(view.vectors, view.entries);
  const sums = new Float64Array(entries.rows * width);
  const counts = new Uint32Array(entries.rows);
  const errors = new Float64Array(rows);
  let error = 0;
  for (let r = 0, from = 0; r < rows; r++) {
    const k = indices[r] as number;
    counts[k] = (counts[k] as number) + 1;
    let squares = 0;
    for (let c = 0, at = k * width; c < width; c++, at++) {
      const value = data[from++] as number;
      sums[at] = (sums[at] as number) + value;
      squares += value * value;
    }
    errors[r] = Math.max(0, 2 * (scores[r] as number) + squares);
    error += errors[r] as number;
  }
  const moved = matrix(entries.rows, width);
  for (let k = 0; k < entries.rows; k++) {
    const count = counts[k] as number;
    for (let c = 0, at = k * width; c < width; c++, at++)
      moved.data[at] = count === 0 ? 0 : (sums[at] as number) / count;
  }
  repairEmpty(vectors, moved, counts, errors);
  return { entries: moved, error: error / rows };
}

/** An entry that was nearest to nothing takes the place of the vector that is worst off; each vector serves once. */
function repairEmpty(vectors: Matrix, entries: Matrix, counts: Uint32Array, errors: Float64Array): void {
  for (let k = 0; k < entries.rows; k++) {
    if (counts[k] !== 0) continue;
    let worst = 0;
    for (let r = 1; r < errors.length; r++) if ((errors[r] as number) > (errors[worst] as number)) worst = r;
    entries.data.set(vectors.data.subarray(worst * vectors.width, (worst + 1) * vectors.width), k * vectors.width);
    errors[worst] = -1;
  }
}
