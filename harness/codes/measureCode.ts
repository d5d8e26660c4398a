/** What a code is worth on sentences that it was not trained on, beside what a wrong code scores with the same decoder. */
import type { Matrix, Quantiser } from "../../codecs/quantisers/Quantiser.ts";
import { ownRanks, recallAt } from "./recall.ts";
import { type MeanInterval, type Similarity, similarity } from "./similarity.ts";
import { corrupted, exchangedCodes, randomCodes } from "./symbolNoise.ts";
import { type SymbolUse, symbolUse } from "./symbolUse.ts";

/** Shares of corrupted symbols. */
export const NOISE_SHARES: readonly number[] = [0.01, 0.05, 0.1, 0.2];

export interface HeldOutSet {
  readonly name: string;
  readonly vectors: Matrix;
  /** Of the rows, for intervals: sentences of one cluster are no independent evidence. */
  readonly clusters: readonly string[];
}

export interface Survival {
  /** Share of corrupted symbols. */
  readonly share: number;
  readonly raw: MeanInterval;
  readonly centred: MeanInterval;
  readonly recall1: number;
}

export interface CodeMeasures extends Similarity {
  readonly recall1: number;
  readonly recall10: number;
  /** Σ log2 of the entries, bits a vector. */
  readonly bits: number;
  readonly places: number;
  readonly use: SymbolUse;
  /** Symbols drawn evenly, decoded the same way. */
  readonly random: Similarity;
  /** Another sentence's code, decoded the same way. */
  readonly exchanged: Similarity;
  readonly survival: readonly Survival[];
  /** Indices [rows, places] by row. */
  readonly codes: Uint16Array;
}

export async function measureCode(
  code: Quantiser,
  { vectors, clusters }: HeldOutSet,
  centre: Float32Array,
  seed: number,
): Promise<CodeMeasures> {
  const codes = await code.encode(vectors);
  const compare = (other: Uint16Array): Similarity & { decoded: Matrix } => {
    const decoded = code.decode(other);
    return { ...similarity(decoded, vectors, centre, clusters), decoded };
  };
  const { decoded, raw, centred } = compare(codes);
  const ranks = ownRanks(decoded, vectors);
  const { sizes } = code;
  const places = sizes.length;
  const survival = NOISE_SHARES.map((share): Survival => {
    const damaged = compare(corrupted(codes, sizes, share, seed));
    return {
      share,
      raw: damaged.raw,
      centred: damaged.centred,
      recall1: recallAt(ownRanks(damaged.decoded, vectors), 1),
    };
  });
  const floor = (wrong: Uint16Array): Similarity => {
    const { raw, centred } = compare(wrong);
    return { raw, centred };
  };
  return {
    raw,
    centred,
    recall1: recallAt(ranks, 1),
    recall10: recallAt(ranks, 10),
    bits: sizes.reduce((sum, size) => sum + Math.log2(size), 0),
    places,
    use: symbolUse(codes, sizes),
    random: floor(randomCodes(vectors.rows, sizes, seed)),
    exchanged: floor(exchangedCodes(codes, places, seed)),
    survival,
    codes,
  };
}
