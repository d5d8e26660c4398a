/** Who answers to a model reference: the embedded engine, a Python worker, a server, or a recording. */
import { ExpectedError } from "../errors.ts";
import type { Provider } from "./contract.ts";
import type { OpenOptions } from "./embedded/openModel.ts";
import { parseModelReference } from "./embedded/sources/modelReference.ts";
import type { Prices } from "./openai/OpenAiProvider.ts";
import type { Remember, RequestQueueOptions } from "./remote/RequestQueue.ts";

export interface OpenProviderOptions extends OpenOptions {
  /** Keeps a server's answers; without it each is asked for anew. */
  readonly remember?: Remember;
  /** How fast servers are asked; as fast as they take it unless given. */
  readonly limits?: Pick<RequestQueueOptions, "concurrency" | "requestsPerMinute" | "tokensPerMinute">;
  /** What a server's model may cost, and what a million tokens do; of `openai:` alone. */
  readonly spending?: { readonly limit: number; readonly prices: Prices };
  /** Keys and addresses of servers; the process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

type Open = (reference: string, options: OpenProviderOptions) => Promise<Provider>;

/** Only what is asked for is loaded: each brings its own libraries. */
const OTHERS: Readonly<Record<string, Open>> = {
  "ollama-api:": async (reference, options) => {
    const { openOllama } = await import("./ollama/openOllama.ts");
    return serve(await openOllama(reference, { ...remote(options), queue: options.limits ?? {} }));
  },
  "openai:": openAi,
  "vllm:": openAi,
  "sglang:": openAi,
  "llama-server:": openAi,
  "hf-api:": async (reference, options) => {
    const { openHuggingFace } = await import("./huggingface/openHuggingFace.ts");
    return serve(await openHuggingFace(reference, { ...remote(options), queue: options.limits ?? {} }));
  },
  "transformers:": async (reference, { progress, signal }) => {
    const { openTransformers } = await import("./transformers/openTransformers.ts");
    return openTransformers(reference, { ...(progress && { progress }), ...(signal && { signal }) });
  },
  "recorded:": async (reference) => {
    const { RecordedProvider } = await import("./recorded/RecordedProvider.ts");
    return new RecordedProvider(reference.slice("recorded:".length));
  },
};

async function openAi(reference: string, options: OpenProviderOptions): Promise<Provider> {
  const { openOpenAi } = await import("./openai/openOpenAi.ts");
  const { spending, limits } = options;
  const priced = spending && { prices: spending.prices };
  const limit = spending && { spendingLimit: spending.limit };
  return serve(await openOpenAi(reference, { ...remote(options), ...priced, limits: { ...limits, ...limit } }));
}

const remote = ({ env = process.env, signal, remember }: OpenProviderOptions) => ({
  env,
  ...(signal && { signal }),
  ...(remember && { remember }),
});

async function serve(...[served]: ConstructorParameters<typeof import("./served/ServedProvider.ts").ServedProvider>) {
  const { ServedProvider } = await import("./served/ServedProvider.ts");
  return new ServedProvider(served);
}

const prefixOf = (reference: string) => Object.keys(OTHERS).find((prefix) => reference.startsWith(prefix));

/** Whether the embedded engine answers to it: its files can be looked at before it is opened. */
export const isEmbedded = (reference: string) => prefixOf(reference) === undefined;

/** Whether it is asked in requests, each of which may cost. */
export const isServer = (reference: string) => /^(ollama-api|openai|vllm|sglang|llama-server|hf-api):/.test(reference);

/**
 * Refuses what cannot be a model, before anything is opened.
 * @throws ExpectedError of modelReference; `model-reference-malformed`.
 */
export function checkReference(reference: string): void {
  const prefix = prefixOf(reference);
  if (prefix === undefined) parseModelReference(reference);
  else if (reference.length === prefix.length) {
    throw new ExpectedError({
      code: "model-reference-malformed",
      message: `model reference ${JSON.stringify(reference)} names no model`,
      hint: `the form is ${prefix}MODEL`,
    });
  }
}

/** @throws ExpectedError of whoever opens it. */
export async function openProvider(reference: string, options: OpenProviderOptions): Promise<Provider> {
  checkReference(reference);
  const prefix = prefixOf(reference);
  if (prefix !== undefined) return (OTHERS[prefix] as Open)(reference, options);
  const { openModel } = await import("./embedded/openModel.ts");
  return openModel(reference, options);
}
