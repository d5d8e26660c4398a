import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { z } from "zod";
import { defineCodec } from "../contract.ts";
import { keptShare, wordUnits } from "./keptShare.ts";

/**
 * The original with a share of its words, drawn at random: what any code that deletes has to beat. Which words stay
 * depends on the seed and on the original alone, not on the other items; what a share keeps, a larger one keeps too.
 */
export const randomDrop = defineCodec({
  name: "random-drop",
  summary: "the original with the share `keep` (default 0.5) of its words, drawn by `seed` (default 1)",
  parameters: z.strictObject({ keep: z.number().gt(0).max(1).default(0.5), seed: z.int().default(1) }),
  create: ({ keep, seed }) => ({
    alphabet: null,
    encode: async (inputs) =>
      inputs.map(({ original }) => {
        const digest = createHash("sha256")
          .update(JSON.stringify([seed, original]))
          .digest();
        const random = xoroshiro128plus(digest.readInt32LE());
        const units = wordUnits(original);
        const drawn = units.map(() => uniformFloat64(random));
        return keptShare(original, units, drawn, keep);
      }),
  }),
});
