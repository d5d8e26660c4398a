import type { Alphabet } from "./alphabets.ts";
import type { Codec, CodecServices, Encoding } from "./contract.ts";
import type { JavaRandom } from "./javaRandom.ts";

/**
 * The published projection codes share this: z = Wv for a fixed Gaussian matrix W, and symbol i is
 * alphabet[⌊scale · |z_i|⌋ mod size].
 *
 * Kept with its defects, so that the claims made for it are tested: |z| loses the sign, the product modulo the size of
 * the alphabet is a hash (near vectors get unrelated symbols, far ones collide), and nothing can be decoded from it.
 */
export interface GaussianProjection {
  readonly alphabet: Alphabet;
  readonly scale: number;
  readonly symbols: number;
  /** Whose vectors of the originals are projected; the observed model's own unless given. */
  readonly embedder?: string | undefined;
  /** The generator as it stands when W's first entry is drawn. */
  readonly generator: () => JavaRandom;
}

/** A codec that projects each original's sentence vector. */
export function gaussianProjectionCodec(projection: GaussianProjection, services: CodecServices): Codec {
  return {
    alphabet: projection.alphabet.symbols,
    encode: async (inputs) => {
      const { embedder } = projection;
      const texts = inputs.map(({ original }) => original);
      const vectors =
        embedder === undefined
          ? await services.sentenceVectors(texts)
          : (await services.embed(embedder, texts)).vectors;
      const width = vectors[0]?.length ?? 0;
      const matrix = gaussianMatrix(projection.generator(), projection.symbols, width);
      return vectors.map((vector) => projectedEncoding(vector, matrix, projection));
    },
  };
}

/** `rows` rows of `width` standard normal entries, drawn row by row. */
export function gaussianMatrix(random: JavaRandom, rows: number, width: number): readonly Float64Array[] {
  return Array.from({ length: rows }, () => Float64Array.from({ length: width }, () => random.nextGaussian()));
}

/**
 * One symbol a row of the matrix. Sums run in double precision from the first entry to the last, as published.
 * Missing where the vector is not finite.
 */
export function projectedEncoding(
  vector: ArrayLike<number>,
  matrix: readonly Float64Array[],
  { alphabet, scale }: Pick<GaussianProjection, "alphabet" | "scale">,
): Encoding {
  const symbols: string[] = [];
  for (const row of matrix) {
    const projected = dot(row, vector);
    if (!Number.isFinite(projected)) return { missing: `the original's sentence vector projects to ${projected}` };
    const symbol = alphabet.symbols[Math.floor(scale * Math.abs(projected)) % alphabet.symbols.length];
    if (symbol === undefined) throw new Error(`no symbol for ${projected} at scale ${scale}`);
    symbols.push(symbol);
  }
  return { text: symbols.join("") };
}

function dot(row: Float64Array, vector: ArrayLike<number>): number {
  if (row.length !== vector.length) throw new Error(`a vector of width ${vector.length} meets a row of ${row.length}`);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] as number) * (vector[i] as number);
  return sum;
}
