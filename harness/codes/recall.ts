/**
 * Whether a decoded vector still points at the one it came from: the place of the own vector among a gallery ordered by
 * cosine. A vector that is as near as the own one counts half a place, so that a decoder that answers the same for all
 * stands in the middle and not at the top.
 */
import type { Matrix } from "../../codecs/quantisers/Quantiser.ts";

/** Relative difference of cosines that is rounding. */
const TIE = 1e-6;

/** Place of each own vector, 1 the best: decoded[i] against all of the gallery, in which i is its own. [rows] */
export function ownRanks(decoded: Matrix, gallery: Matrix): number[] {
  const units = unitRows(gallery);
  const asked = unitRows(decoded);
  const { rows, width } = gallery;
  const cosines = new Float64Array(rows);
  return Array.from({ length: rows }, (_, i) => {
    const query = asked.subarray(i * width, (i + 1) * width);
    for (let j = 0; j < rows; j++) {
      let sum = 0;
      const from = j * width;
      for (let k = 0; k < width; k++) sum += (query[k] as number) * (units[from + k] as number);
      cosines[j] = sum;
    }
    const own = cosines[i] as number;
    let [better, equal] = [0, -1];
    for (const other of cosines) {
      if (other > own + TIE) better++;
      else if (other >= own - TIE) equal++;
    }
    return 1 + better + equal / 2;
  });
}

/** Share of vectors whose own is among the first `k`. */
export function recallAt(ranks: readonly number[], k: number): number {
  return ranks.filter((rank) => rank <= k).length / ranks.length;
}

/** Rows scaled to length 1; one of zeros stays. */
function unitRows({ data, rows, width }: Matrix): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let k = i * width; k < (i + 1) * width; k++) square += (data[k] as number) ** 2;
    const length = Math.sqrt(square) || 1;
    for (let k = i * width; k < (i + 1) * width; k++) out[k] = (data[k] as number) / length;
  }
  return out;
}
