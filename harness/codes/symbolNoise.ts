import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { generatorFor } from "../random.ts";

/**
 * Codes of which each symbol is, with probability `share`, replaced by another one of its place, all others equally
 * likely: a symmetric channel. A place of one entry has no other.
 * @param codes indices [rows, places] by row
 */
export function corrupted(codes: Uint16Array, sizes: readonly number[], share: number, seed: number): Uint16Array {
  const random = generatorFor(seed, "symbol noise", String(share));
  return codes.map((symbol, i) => {
    const size = sizes[i % sizes.length] as number;
    if (uniformFloat64(random) >= share || size < 2) return symbol;
    const other = uniformInt(random, 0, size - 2);
    return other < symbol ? other : other + 1;
  });
}

/** Symbols drawn evenly, which carry nothing: [rows, places] by row. */
export function randomCodes(rows: number, sizes: readonly number[], seed: number): Uint16Array {
  const random = generatorFor(seed, "random codes");
  return Uint16Array.from({ length: rows * sizes.length }, (_, i) =>
    uniformInt(random, 0, (sizes[i % sizes.length] as number) - 1),
  );
}

/** Each row gets another row's code, whole, none its own: a cyclic permutation drawn by Sattolo's algorithm (1986). */
export function exchangedCodes(codes: Uint16Array, places: number, seed: number): Uint16Array {
  const random = generatorFor(seed, "exchanged codes");
  const rows = codes.length / places;
  if (rows < 2) throw new RangeError("one code cannot be exchanged for another");
  const order = Array.from({ length: rows }, (_, i) => i);
  for (let i = rows - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i - 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const out = new Uint16Array(codes.length);
  for (const [to, from] of order.entries()) out.set(codes.subarray(from * places, (from + 1) * places), to * places);
  return out;
}
