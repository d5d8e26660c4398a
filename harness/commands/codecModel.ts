/** The model that a code asks, opened only where it does ask one. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type CodecServices, OBSERVED } from "../../codecs/contract.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { AnswerCache } from "../AnswerCache.ts";
import { codecServices } from "../codecServices.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

/**
 * What `use` makes; it is tried without a model first, and again with the one that it asked for.
 * @param model taken in place of the one asked for, where given.
 */
export async function withCodecModel<T>(
  model: string | undefined,
  signal: AbortSignal,
  use: (services: CodecServices) => Promise<T>,
): Promise<T> {
  try {
    return await use(askingFor());
  } catch (error) {
    if (!(error instanceof ModelWanted)) throw error;
    return withModel(model ?? error.reference, signal, use);
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
