import { createCodec } from "../../codecs/registry.ts";
import { ExpectedError } from "../../errors.ts";
import { withCodecModel } from "./codecModel.ts";
import { codecParameters } from "./codecParameters.ts";

export interface EncodeCommandOptions {
  readonly codec: string;
  readonly codebook?: string;
  readonly model?: string;
  readonly text: readonly string[];
  readonly parameter: readonly string[];
  readonly json?: boolean;
}

export async function encodeCommand(options: EncodeCommandOptions, signal: AbortSignal): Promise<void> {
  const spec = { codec: options.codec, parameters: codecParameters(options) };
  const inputs = options.text.map((original) => ({ original, encodings: {}, questions: [] }));
  const where = "the command line";
  const encodings = await withCodecModel(options.model, signal, (services) =>
    createCodec(spec, services, where).encode(inputs),
  );
  if (options.json) {
    const rows = encodings.map((encoding, i) => ({ original: options.text[i], ...encoding }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  for (const encoding of encodings) {
    if ("missing" in encoding) {
      throw new ExpectedError({
        code: "encoding-missing",
        message: `codec ${options.codec} gives this text no encoding: ${encoding.missing}`,
        where,
        hint: "choose another codec, or other parameters",
      });
    }
    process.stdout.write(`${encoding.text}\n`);
  }
}
