import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type CodecServices, OBSERVED } from "../../codecs/contract.ts";
import { createCodec } from "../../codecs/registry.ts";
import { ExpectedError } from "../../errors.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { codecServices } from "../codecServices.ts";
import { codecParameters } from "./codecParameters.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

export interface EncodeCommandOptions {
  readonly codec: string;
  readonly codebook?: string;
  readonly model?: string;
  readonly text: readonly string[];
  readonly parameter: readonly string[];
  readonly json?: boolean;
}

/** A model is opened only where the code asks for one. */
export async function encodeCommand(options: EncodeCommandOptions, signal: AbortSignal): Promise<void> {
  const spec = { codec: options.codec, parameters: codecParameters(options) };
  const inputs = options.text.map((original) => ({ original, encodings: {}, questions: [] }));
  const where = "the command line";
  const encodeWith = (services: CodecServices) => createCodec(spec, services, where).encode(inputs);
  const { model } = options;
  const encodings = await encodeWith(askingFor()).catch((error: unknown) => {
    if (!(error instanceof ModelWanted)) throw error;
    return withModel(model ?? error.reference, signal, encodeWith);
  });
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

class ModelWanted extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`the code asks ${reference}`);
    this.reference = reference;
  }
}

/** Services that say which model the code asks first. */
function askingFor(): CodecServices {
  const observed = () => new ModelWanted(DEFAULT_MODEL);
  return {
    sentenceVectors: () => Promise.reject(observed()),
    embed: (reference) => Promise.reject(reference === OBSERVED ? observed() : new ModelWanted(reference)),
    observed: () => {
      throw observed();
    },
  };
}

async function withModel<T>(
  reference: string,
  signal: AbortSignal,
  use: (services: CodecServices) => Promise<T>,
): Promise<T> {
  const progress = new ProgressReporter();
  const open = (name: string) =>
    openProvider(name, {
      weights: "auto",
      purpose: "latency",
      threads: availableParallelism(),
      progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
      signal,
    });
  const provider = await open(reference);
  try {
    const answers = new AnswerCache(join(cacheFolder(), "answers"));
    return await use(codecServices({ provider, answers, openEmbedder: open, signal }));
  } finally {
    progress.clear();
    await provider.close();
  }
}
