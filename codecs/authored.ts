import { z } from "zod";
import { type CodecInput, defineCodec, type Encoding } from "./contract.ts";

/** The encoding of one name that each item brings along; missing where an item has none of that name. */
export const authored = defineCodec({
  name: "authored",
  summary: "the item's ready-made encoding of the name `encoding`",
  parameters: z.strictObject({ encoding: z.string().min(1) }),
  create: ({ encoding }) => ({
    alphabet: null,
    encode: async (inputs) => inputs.map((input) => encodingNamed(encoding, input)),
  }),
});

function encodingNamed(name: string, { encodings }: CodecInput): Encoding {
  const text = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
  if (text !== undefined) return { text };
  const names = Object.keys(encodings);
  const present = names.length === 0 ? "no encodings" : names.map((one) => `"${one}"`).join(", ");
  return { missing: `the item has no encoding "${name}"; it has ${present}` };
}
