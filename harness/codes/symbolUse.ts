/** How much of its alphabet a code uses: a code that answers with few symbols carries few of the bits that it is charged. */

export interface SymbolUse {
  /** 2^H of the symbols at a place, H their plug-in entropy in bits: geometric mean over places, 1 to `entries`. */
  readonly perplexity: number;
  /** Entries a place chooses from: geometric mean over places. */
  readonly entries: number;
  /** Σ H over the places, bits a vector: what independent places would need. */
  readonly entropy: number;
}

/**
 * @param codes indices [rows, places] by row
 * @param sizes entries of each place
 *
 * The plug-in entropy of n symbols from K entries is too low, by about (K − 1) / (2 n ln 2) bits a place (Miller 1955):
 * compare codes at the same n.
 */
export function symbolUse(codes: Uint16Array, sizes: readonly number[]): SymbolUse {
  const places = sizes.length;
  const rows = codes.length / places;
  let entropy = 0;
  for (const [place, size] of sizes.entries()) {
    const counts = new Float64Array(size);
    for (let i = place; i < codes.length; i += places) {
      const symbol = codes[i] as number;
      if (symbol >= size) throw new RangeError(`symbol ${symbol} at place ${place}, which has ${size} entries`);
      counts[symbol] = (counts[symbol] as number) + 1;
    }
    for (const count of counts) if (count > 0) entropy -= (count / rows) * Math.log2(count / rows);
  }
  const bits = sizes.reduce((sum, size) => sum + Math.log2(size), 0);
  return { perplexity: 2 ** (entropy / places), entries: 2 ** (bits / places), entropy };
}
