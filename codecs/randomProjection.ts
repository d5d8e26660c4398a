import { z } from "zod";
import { ALPHABET_A } from "./alphabets.ts";
import { defineCodec } from "./contract.ts";
import { gaussianProjectionCodec } from "./gaussianProjection.ts";
import { JavaRandom } from "./javaRandom.ts";

/** Width of the published v, drawn from the same generator before W. */
const PUBLISHED_WIDTH = 128;

/**
 * The proposal's `random-projection`, as published: W Gaussian from Java's `Random(42)`, alphabet A, scale 1000.
 *
 * The published v is no text's: it is 128 draws of `nextDouble` from that same generator. Here the text's sentence
 * vector replaces it, of whatever width the model gives. The 128 draws are made and thrown away all the same, so that W
 * is the published matrix at width 128, and at any width starts at the same point of the sequence.
 *
 * Published defects, kept: |z| loses the sign and the modulus is a hash (gaussianProjection.ts); the published cosine
 * of 0.89 decodes the unquantised z as Wᵀz/16, never the hanzi.
 */
export const randomProjection = defineCodec({
  name: "random-projection",
  summary: "`symbols` hanzi (default 16) from a random projection of the sentence vector, as published",
  parameters: z.strictObject({ symbols: z.int().min(1).max(4096).default(16), embedder: z.string().min(1).optional() }),
  create: ({ symbols, embedder }, services) =>
    gaussianProjectionCodec(
      { alphabet: ALPHABET_A, scale: 1000, symbols, embedder, generator: publishedGenerator },
      services,
    ),
});

function publishedGenerator(): JavaRandom {
  const random = new JavaRandom(42);
  for (let draw = 0; draw < PUBLISHED_WIDTH; draw++) random.nextDouble();
  return random;
}
