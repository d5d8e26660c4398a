import type { CodecServices } from "../../codecs/contract.ts";
import { createCodec } from "../../codecs/registry.ts";
import type { Suite } from "../../suites/Suite.ts";

/** The suite's codes as messages, one an item; null where a code has none. */
export async function prepareCandidates(
  suite: Suite,
  services: CodecServices,
): Promise<{ readonly form: string; readonly messages: readonly (string | null)[] }[]> {
  const codes: { readonly form: string; readonly messages: readonly (string | null)[] }[] = [];
  for (const [form, spec] of Object.entries(suite.candidates)) {
    const codec = createCodec(spec, services, suite.locate(["candidates", form]), suite.folder);
    const encodings = await codec.encode(suite.items);
    codes.push({ form, messages: encodings.map((one) => ("text" in one ? one.text : null)) });
  }
  return codes;
}
