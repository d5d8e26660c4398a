import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../errors.ts";
import { checkEmbedder, symbolsAt, writeSymbols } from "./codebook/Codebook.ts";
import { readCodebook } from "./codebook/codebookFile.ts";
import { defineCodec } from "./contract.ts";
import { matrix } from "./quantisers/matrix.ts";
import { neededPlaces, refuseUnnested } from "./quantisers/nestedCodes.ts";
import type { Matrix } from "./quantisers/Quantiser.ts";

/**
 * Symbols of a trained codebook (`isoglyph train codebook`): the original's vector by the embedder that the codebook was
 * trained on, quantised. A shortened code needs a nested codebook.
 */
export const codebookCodec = defineCodec({
  name: "codebook",
  summary:
    "symbols of the codebook in `file`; with a nested one the first `places` of them, or as many as leave over at most `share` of the vector",
  parameters: z.strictObject({
    file: z.string().min(1),
    places: z.int().min(1).optional(),
    share: z.number().min(0).max(1).optional(),
  }),
  create: ({ file, places, share }, services, folder) => {
    const path = isAbsolute(file) ? file : join(folder, file);
    const codebook = readCodebook(path);
    const { quantiser, description, identity } = codebook;
    const all = quantiser.sizes.length;
    if (places !== undefined && places < all) refuseUnnested(quantiser);
    if (share !== undefined) refuseUnnested(quantiser);
    if (places !== undefined && places > all) throw tooMany(places, all, path);
    return {
      alphabet:
        description.alphabet.symbols.length === 1
          ? symbolsAt(description.alphabet, 0)
          : description.alphabet.symbols.flat(),
      identity,
      encode: async (inputs) => {
        const texts = inputs.map(({ original }) => original);
        const { embedder, vectors } = await services.embed(description.embedder.reference, texts, description.embedder);
        checkEmbedder(codebook, embedder, path);
        const sound = vectors.map((vector) => vector.every(Number.isFinite));
        const whole = joined(
          vectors.map((vector, i) => (sound[i] ? vector : new Float32Array(vector.length))),
          embedder.width,
        );
        const codes = await quantiser.encode(whole);
        const needed = share === undefined ? null : neededPlaces(quantiser, whole, codes, share);
        return texts.map((_, i) => {
          if (!sound[i]) return { missing: "the original's sentence vector is not finite" };
          const length = Math.min(places ?? all, needed?.[i] ?? all);
          return { text: writeSymbols(codebook, codes.subarray(i * all, i * all + length)) };
        });
      },
    };
  },
});

function joined(vectors: readonly Float32Array[], width: number): Matrix {
  const out = matrix(vectors.length, width);
  vectors.forEach((vector, i) => {
    out.data.set(vector, i * width);
  });
  return out;
}

function tooMany(places: number, all: number, path: string): ExpectedError {
  return new ExpectedError({
    code: "codec-parameters",
    message: `parameter "places" is ${places}, and codes of the codebook have ${all} places`,
    where: path,
    hint: `choose from 1 to ${all}, or train a codebook with more --places`,
  });
}
