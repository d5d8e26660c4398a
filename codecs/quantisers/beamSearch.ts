/** Beam search over the places of a residual code: of all extensions of the best codes so far, the best are kept. */
import { halfSquares, matrix } from "./matrix.ts";
import { entriesOf } from "./productQuantiser.ts";
import { times, transposed } from "./products.ts";
import type { Matrix, Tensor } from "./Quantiser.ts";

/** Codes kept a vector. faiss keeps 5; more gain little (Babenko and Lempitsky 2014 use 16). */
const BEAMS = 8;

export interface Beams {
  readonly vectors: Matrix;
  /** Codes kept a vector. */
  readonly count: number;
  /** Places found so far. */
  readonly places: number;
  /** [rows, count, places], the best first. */
  readonly codes: Uint16Array;
  /** [rows, count]: half the squared distance, less half the vector's squared length. */
  readonly errors: Float32Array;
}

/** What extending by one place takes, the same for all vectors. */
export interface PlaceTables {
  /** Entries as columns [width, entries]. */
  readonly across: Matrix;
  /** Half the squared length of each entry. */
  readonly half: Float32Array;
  /** Inner products of all entries of the places before with those of this one, [place · entries, entries]. */
  readonly before: Matrix;
}

export function noBeams(vectors: Matrix): Beams {
  return { vectors, count: 1, places: 0, codes: new Uint16Array(0), errors: new Float32Array(vectors.rows) };
}

export async function placeTables(entries: Tensor, place: number): Promise<PlaceTables> {
  const own = entriesOf(entries, place);
  const across = transposed(own);
  const earlier = matrix(place * own.rows, own.width, entries.data.subarray(0, place * own.rows * own.width));
  const before = place === 0 ? matrix(0, own.rows) : await times(earlier, across);
  return { across, half: halfSquares(own), before };
}

export async function extendBeams(beams: Beams, { across, half, before }: PlaceTables): Promise<Beams> {
  const { vectors, count, places } = beams;
  const size = half.length;
  const products = await times(vectors, across);
  const kept = Math.min(BEAMS, count * size);
  const codes = new Uint16Array(vectors.rows * kept * (places + 1));
  const errors = new Float32Array(vectors.rows * kept);
  const gain = new Float32Array(size);
  const best = new Float64Array(kept);
  const from = new Uint32Array(kept);
  for (let r = 0; r < vectors.rows; r++) {
    best.fill(Number.POSITIVE_INFINITY);
    for (let b = 0; b < count; b++) {
      const code = (r * count + b) * places;
      for (let k = 0; k < size; k++) gain[k] = (half[k] as number) - (products.data[r * size + k] as number);
      for (let p = 0; p < places; p++) {
        const at = (p * size + (beams.codes[code + p] as number)) * size;
        for (let k = 0; k < size; k++) gain[k] = (gain[k] as number) + (before.data[at + k] as number);
      }
      const base = beams.errors[r * count + b] as number;
      for (let k = 0; k < size; k++) {
        const error = base + (gain[k] as number);
        if (error < (best[kept - 1] as number)) insert(best, from, error, b * size + k);
      }
    }
    for (let b = 0; b < kept; b++) {
      const parent = Math.floor((from[b] as number) / size);
      const at = (r * kept + b) * (places + 1);
      const code = (r * count + parent) * places;
      for (let p = 0; p < places; p++) codes[at + p] = beams.codes[code + p] as number;
      codes[at + places] = (from[b] as number) % size;
      errors[r * kept + b] = best[b] as number;
    }
  }
  return { vectors, count: kept, places: places + 1, codes, errors };
}

/** Into a list that is sorted, the last falling out; of equal ones the earlier stays ahead. */
function insert(best: Float64Array, from: Uint32Array, error: number, which: number): void {
  let at = best.length - 1;
  for (; at > 0 && error < (best[at - 1] as number); at--) {
    best[at] = best[at - 1] as number;
    from[at] = from[at - 1] as number;
  }
  best[at] = error;
  from[at] = which;
}

/** The best code of each vector, [rows, places]. */
export function bestCodes({ vectors, count, places, codes }: Beams): Uint16Array {
  const out = new Uint16Array(vectors.rows * places);
  for (let r = 0; r < vectors.rows; r++)
    out.set(codes.subarray(r * count * places, (r * count + 1) * places), r * places);
  return out;
}
