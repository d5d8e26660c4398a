import { halfSquares } from "./matrix.ts";
import { productBlocks, transposed } from "./products.ts";
import type { Matrix } from "./Quantiser.ts";

export interface Nearest {
  /** Index of the nearest entry for each row; of equal ones the first. */
  readonly indices: Uint16Array;
  /** Half the squared distance to it, less half the row's squared length: sums of it compare assignments. */
  readonly scores: Float32Array;
}

/** The entry nearest to each vector: the largest x·c − |c|²/2. */
export async function nearestEntries(vectors: Matrix, entries: Matrix): Promise<Nearest> {
  const half = halfSquares(entries);
  const indices = new Uint16Array(vectors.rows);
  const scores = new Float32Array(vectors.rows);
  for await (const { from, part } of productBlocks(vectors, transposed(entries))) {
    const { data, width } = part;
    for (let r = 0, at = 0; r < part.rows; r++) {
      let best = 0;
      let high = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < width; k++) {
        const score = (data[at++] as number) - (half[k] as number);
        if (score > high) {
          high = score;
          best = k;
        }
      }
      indices[from + r] = best;
      scores[from + r] = -high;
    }
  }
  return { indices, scores };
}
