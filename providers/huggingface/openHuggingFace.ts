/** Opens a model at Hugging Face: asks who has it, and finds out by one small request each what they really give. */
import type { ServedIdentity } from "../contract.ts";
import { guardedFetch } from "../remote/guardedFetch.ts";
import { RemoteError, remoteError } from "../remote/RemoteError.ts";
import { type Remember, RequestQueue, type RequestQueueOptions } from "../remote/RequestQueue.ts";
import { HuggingFaceProvider, type Offered } from "./HuggingFaceProvider.ts";
import { HuggingFaceClient } from "./huggingFaceClient.ts";
import { type HuggingFaceReference, parseHuggingFaceReference, readToken } from "./huggingFaceReference.ts";
import { askEndpoint, askHub, type HuggingFaceServed } from "./huggingFaceServed.ts";

export interface OpenHuggingFaceOptions {
  /** HF_TOKEN; the process's own environment where not given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Keeps answers; where not given, none is kept. */
  readonly remember?: Remember;
  readonly queue?: Omit<RequestQueueOptions, "origin" | "secrets">;
}

/** OpenAI's limit of `top_logprobs`, and that of text-generation-inference: what servers allow is tried in this order. */
const TOP_TRIED = [20, 5];
/** One machine computes for all who wait: what waits there must not count as slow. Milliseconds. */
const ENDPOINT_QUEUE = { requestTimeout: 600_000 };
/** What says that a server does not have it, and not that it is ill. */
const NOT_OFFERED = ["capability-missing", "provider-not-found", "provider-refused", "provider-answer-malformed"];

/**
 * @param reference `hf-api:OWNER/MODEL[:PROVIDER]`, or `hf-api:MODEL@ENDPOINT`
 * @throws ExpectedError `model-reference-malformed`, `key-malformed`; RemoteError `provider-authentication` without a
 *   token, `provider-not-found`, `capability-missing` where neither text nor features come.
 */
export async function openHuggingFace(
  reference: string,
  options: OpenHuggingFaceOptions = {},
): Promise<HuggingFaceProvider> {
  const { env = process.env, signal, remember = (_, make) => make() } = options;
  const server = parseHuggingFaceReference(reference);
  const { origin, base, model } = server;
  const token = readToken(env, server);
  const secrets = token === null ? [] : [token];
  const queue = new RequestQueue({ ...(server.endpoint && ENDPOINT_QUEUE), ...options.queue, origin, secrets });
  const quick = guardedFetch({
    secrets,
    signal: AbortSignal.any([AbortSignal.timeout(60_000), ...(signal ? [signal] : [])]),
  });
  const ask = server.endpoint ? askEndpoint(base, token, quick) : askHub(server, needed(token, origin), quick);
  const served = await ask.catch((error: unknown) => {
    throw remoteError(error, origin, secrets);
  });
  const client = new HuggingFaceClient(server, served, token);
  const offered = await probe(client, served, server, queue, signal);
  const engine = [
    served.engine || "unknown server",
    ...(offered.pooled ? ["token features averaged by isoglyph"] : []),
  ].join("; ");
  const identity: ServedIdentity = {
    reference,
    name: model,
    engine,
    digest: null,
    contextLength: served.contextLength,
  };
  return new HuggingFaceProvider(identity, offered, client, origin, queue, remember);
}

function needed(token: string | null, origin: string): string {
  if (token !== null) return token;
  throw new RemoteError({
    code: "provider-authentication",
    message: "Hugging Face's inference providers want a token, and HF_TOKEN is not set",
    where: origin,
    hint: "make one at huggingface.co/settings/tokens (fine-grained, inference providers) and export HF_TOKEN",
  });
}

async function probe(
  client: HuggingFaceClient,
  { tasks, generateTop }: HuggingFaceServed,
  { origin, model }: HuggingFaceReference,
  queue: RequestQueue,
  signal: AbortSignal | undefined,
): Promise<Offered> {
  /** The answer; null where the server does not have it. */
  const tried = async <T>(key: string, send: (fetch: typeof globalThis.fetch) => Promise<T>): Promise<T | null> => {
    try {
      return await queue.submit({ key, send }, signal);
    } catch (error) {
      if (error instanceof RemoteError && NOT_OFFERED.includes(error.code)) return null;
      throw error;
    }
  };
  const one = { maxTokens: 1, temperature: 0 };
  /** The most likely tokens that come; null where no answer comes at all. */
  const topOf = async (name: "chat" | "text"): Promise<number | null> => {
    const input = name === "chat" ? { messages: [{ role: "user" as const, content: "Hello" }] } : { text: "Hello" };
    for (const topLogProbs of [...TOP_TRIED, 0]) {
      const request = { ...one, input, topLogProbs };
      const answer = await tried(`${name} ${topLogProbs}`, (fetch) => client[name](request, fetch));
      if (answer !== null) return answer.tokens?.[0]?.top.length ?? 0;
    }
    return null;
  };
  const chat = tasks === null || tasks.chat ? await topOf("chat") : null;
  const raw = generateTop > 0 ? generateTop : tasks === null || tasks.text ? await topOf("text") : null;
  const wanted = tasks === null ? chat === null && raw === null : tasks.features;
  const features = wanted ? await tried("features", (fetch) => client.features(["Hello"], null, fetch)) : null;
  if (chat === null && raw === null && features === null) {
    throw new RemoteError({
      code: "capability-missing",
      message: `${model} gives neither text nor features there`,
      where: origin,
      hint: "check the model's task on its page, and the endpoint's address",
    });
  }
  return {
    generation: chat !== null || raw !== null,
    topLogProbs: chat ?? raw ?? 0,
    ...{ scores: "none" as const, finalStates: null },
    schema: chat !== null,
    embeddings: features !== null,
    chat: chat !== null,
    raw: raw !== null,
    rawTop: raw ?? 0,
    dimensions: features?.vectors[0]?.length ?? null,
    pooled: features?.pooled ?? false,
  };
}
