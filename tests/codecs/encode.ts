import type { Encoding } from "../../codecs/contract.ts";
import { createCodec } from "../../codecs/registry.ts";
import { noServices } from "../../harness/codecServices.ts";

const NO_SERVICES = noServices("this codec should need nothing");

/** One original through one codec: its encoding, which must come back as exactly one. */
export async function encode(
  codec: string,
  parameters: Readonly<Record<string, unknown>>,
  original: string,
  encodings: Readonly<Record<string, string>> = {},
): Promise<Encoding> {
  const encoded = await createCodec({ codec, parameters }, NO_SERVICES, "test").encode([
    { original, encodings, questions: [] },
  ]);
  if (encoded.length !== 1 || encoded[0] === undefined) throw new Error(`${encoded.length} encodings of one original`);
  return encoded[0];
}
