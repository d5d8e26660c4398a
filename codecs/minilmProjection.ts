import { z } from "zod";
import { ALPHABET_B } from "./alphabets.ts";
import { defineCodec } from "./contract.ts";
import { gaussianProjectionCodec } from "./gaussianProjection.ts";
import { JavaRandom } from "./javaRandom.ts";

/**
 * The proposal's `minilm-projection`, as published: W Gaussian from its own Java `Random(42)`, alphabet B, scale 10000.
 * Published on embeddings of multilingual MiniLM, 384 wide (then W is the published matrix); here on those of
 * `embedder`, or the observed model's sentence vector, of whatever width that has.
 *
 * Published defects, kept: |z| loses the sign and the modulus is a hash (gaussianProjection.ts); the published cosine
 * of 0.86 decodes the unquantised z, never the hanzi.
 */
export const minilmProjection = defineCodec({
  name: "minilm-projection",
  summary: "`symbols` hanzi (default 16) from a projection of the sentence vector at a finer scale, as published",
  parameters: z.strictObject({ symbols: z.int().min(1).max(4096).default(16), embedder: z.string().min(1).optional() }),
  create: ({ symbols, embedder }, services) =>
    gaussianProjectionCodec(
      { alphabet: ALPHABET_B, scale: 10_000, symbols, embedder, generator: () => new JavaRandom(42) },
      services,
    ),
});
