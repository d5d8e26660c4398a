import { z } from "zod";
import { defineCodec } from "./contract.ts";

/** The original itself: an encoding that must measure as perfect within noise. */
export const identity = defineCodec({
  name: "identity",
  summary: "the original, unchanged",
  parameters: z.strictObject({}),
  create: () => ({
    alphabet: null,
    encode: async (inputs) => inputs.map(({ original }) => ({ text: original })),
  }),
});
