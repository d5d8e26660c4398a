/**
 * Opens `openai:MODEL[@BASE_URL]`: OpenAI itself, and every server that speaks its interface; or `vllm:`, `sglang:`,
 * `llama-server:MODEL@BASE_URL`, which are asked for what they have beyond it as well.
 */
import { z } from "zod";
import { isRefused, RemoteError } from "../remote/RemoteError.ts";
import { type Remember, RequestQueue, type RequestQueueOptions } from "../remote/RequestQueue.ts";
import { parseServerReference, readKey } from "../remote/serverReference.ts";
import { FINAL_STATE, type ServerKind } from "./finalStates.ts";
import { OpenAiClient } from "./OpenAiClient.ts";
import { OpenAiProvider, type Prices } from "./OpenAiProvider.ts";
import { probeDialect, SILENT } from "./probeDialect.ts";
import { type PromptLogProbs, probePromptLogProbs } from "./probePromptLogProbs.ts";
import { probeRawText, type RawText } from "./probeRawText.ts";
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
const KINDS: readonly ServerKind[] = ["vllm", "sglang", "llama-server"];
const NO_TEXTS: RawText = { topLogProbs: 0, refusal: null };
const NO_SCORES: PromptLogProbs = { scores: "none", how: null, reason: "it continues no texts" };

/**
 * Asks the server what it can do: five to twenty short requests.
 * @throws RemoteError; ExpectedError `model-reference-malformed`, `key-malformed`.
 */
export async function openOpenAi(reference: string, options: OpenOpenAiOptions): Promise<OpenAiProvider> {
  const { env, signal, limits = {} } = options;
  const kind = KINDS.find((one) => reference.startsWith(`${one}:`)) ?? null;
  const prefix = kind === null ? "openai:" : `${kind}:`;
  const { model, base, origin, loopback } = parseServerReference(reference, prefix, kind === null ? OPENAI : null);
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
  const finalStates = kind && (await probeFinalStates(client, kind, signal));
  const { capabilities, dialect, name } = await probeDialect(client, signal).catch((error: unknown) => {
    // A server may be there for its states alone.
    if (finalStates === null || !isRefused(error)) throw error;
    return SILENT;
  });
  const { generation } = capabilities;
  const rawText = generation ? await probeRawText(client, signal) : NO_TEXTS;
  const promptLogProbs =
    rawText.refusal === null && generation ? await probePromptLogProbs(client, dialect, signal) : NO_SCORES;
  const listed = await describe(client, signal);
  return new OpenAiProvider({
    client,
    identity: {
      reference: `${prefix}${model}${base === OPENAI ? "" : `@${base}`}`,
      name: name ?? model,
      engine: listed.owner === null ? `server at ${origin}` : `${listed.owner} server at ${origin}`,
      digest: null,
      contextLength: listed.contextLength,
    },
    capabilities: { ...capabilities, scores: promptLogProbs.scores, finalStates },
    kind,
    dialect,
    rawText,
    promptLogProbs,
    remember: options.remember ?? ((_, make) => make()),
    prices: options.prices ?? null,
  });
}

/** The width of the states that it shows; null where it shows none. */
async function probeFinalStates(client: OpenAiClient, kind: ServerKind, signal?: AbortSignal): Promise<number | null> {
  try {
    return (await FINAL_STATE[kind](client, { text: "The capital of France is" }, signal)).length;
  } catch (error) {
    if (isRefused(error)) return null;
    throw error;
  }
}

const models = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      owned_by: z.string().nullish(),
      max_model_len: z.number().nullish(),
      meta: z.looseObject({ n_ctx: z.number().nullish(), n_ctx_train: z.number().nullish() }).nullish(),
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
    const contextLength = found?.max_model_len ?? found?.meta?.n_ctx ?? found?.meta?.n_ctx_train ?? null;
    return { owner: found?.owned_by ?? null, contextLength };
  } catch (error) {
    // Many gateways have no such list.
    if (isRefused(error)) return { owner: null, contextLength: null };
    throw error;
  }
}
