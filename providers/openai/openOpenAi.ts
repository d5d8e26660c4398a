/** Opens `openai:MODEL[@BASE_URL]`: OpenAI itself, and every server that speaks its interface. */
import { z } from "zod";
import { isRefused, RemoteError } from "../remote/RemoteError.ts";
import { type Remember, RequestQueue, type RequestQueueOptions } from "../remote/RequestQueue.ts";
import { parseServerReference, readKey } from "../remote/serverReference.ts";
import { OpenAiClient } from "./OpenAiClient.ts";
import { OpenAiProvider, type Prices } from "./OpenAiProvider.ts";
import { probeDialect } from "./probeDialect.ts";
import { readShape } from "./readAnswers.ts";

export interface OpenOpenAiOptions {
  /** Keys come from here alone: OPENAI_API_KEY, and OPENAI_ORG_ID and OPENAI_PROJECT_ID where they are set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Keeps answers; without it each is asked for anew. */
  readonly remember?: Remember;
  readonly limits?: Omit<RequestQueueOptions, "origin" | "secrets">;
  /** What the spending limit counts; needed where there is one. */
  readonly prices?: Prices;
}

const OPENAI = "https://api.openai.com/v1";
const KEY = "OPENAI_API_KEY";

/**
 * Asks the server what it can do: two to eight short requests.
 * @throws RemoteError; ExpectedError `model-reference-malformed`, `key-malformed`.
 */
export async function openOpenAi(reference: string, options: OpenOpenAiOptions): Promise<OpenAiProvider> {
  const { env, signal, limits = {} } = options;
  const { model, base, origin, loopback } = parseServerReference(reference, "openai:", OPENAI);
  const key = readKey(env, KEY);
  if (key === null && !loopback) {
    throw new RemoteError({
      code: "provider-authentication",
      message: `${KEY} is not set, and ${origin} is another machine`,
      where: origin,
      hint: `set ${KEY} in the environment (to any word where the server wants no key)`,
    });
  }
  const queue = new RequestQueue({ ...limits, origin, secrets: key === null ? [] : [key] });
  const client = new OpenAiClient({
    queue,
    base,
    origin,
    key,
    model,
    organization: env.OPENAI_ORG_ID ?? null,
    project: env.OPENAI_PROJECT_ID ?? null,
  });
  const { capabilities, dialect, name } = await probeDialect(client, signal);
  const listed = await describe(client, signal);
  return new OpenAiProvider({
    client,
    identity: {
      reference: `openai:${model}${base === OPENAI ? "" : `@${base}`}`,
      name: name ?? model,
      engine: listed.owner === null ? `server at ${origin}` : `${listed.owner} server at ${origin}`,
      digest: null,
      contextLength: listed.contextLength,
    },
    capabilities,
    dialect,
    remember: options.remember ?? ((_, make) => make()),
    prices: options.prices ?? null,
  });
}

const models = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      owned_by: z.string().nullish(),
      max_model_len: z.number().nullish(),
      meta: z.looseObject({ n_ctx_train: z.number().nullish() }).nullish(),
    }),
  ),
});

/** What the list of models says of this one: vLLM and SGLang give `max_model_len`, llama-server `meta`. */
async function describe(client: OpenAiClient, signal?: AbortSignal) {
  const { model, origin } = client.options;
  try {
    const { data } = await client.get("/models", (answer) => readShape(models, answer, origin), signal);
    // Ollama writes the tag that it adds.
    const found = data.find(({ id }) => id === model || id === `${model}:latest`);
    const contextLength = found?.max_model_len ?? found?.meta?.n_ctx_train ?? null;
    return { owner: found?.owned_by ?? null, contextLength };
  } catch (error) {
    // Many gateways have no such list.
    if (isRefused(error)) return { owner: null, contextLength: null };
    throw error;
  }
}
