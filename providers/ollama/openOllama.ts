/** Opens a model of an Ollama server: asks what it is and can do, and loads nothing yet. */
import { distance } from "fastest-levenshtein";
import { Ollama } from "ollama";
import { z } from "zod";
import type { TextCapabilities } from "../contract.ts";
import { guardedFetch } from "../remote/guardedFetch.ts";
import { malformed, RemoteError, remoteError } from "../remote/RemoteError.ts";
import { type Remember, RequestQueue, type RequestQueueOptions } from "../remote/RequestQueue.ts";
import type { ServerReference } from "../remote/serverReference.ts";
import { OllamaProvider } from "./OllamaProvider.ts";
import { type OllamaServed, readOllamaShow } from "./ollamaModel.ts";
import { parseOllamaReference } from "./ollamaReference.ts";

export interface OpenOllamaOptions {
  /** OLLAMA_HOST, OLLAMA_CONTEXT_LENGTH, OLLAMA_API_KEY; the process's own where not given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Keeps answers; where not given, none is kept. */
  readonly remember?: Remember;
  /** Other limits than 4 requests at once and ten minutes for one. */
  readonly queue?: Omit<RequestQueueOptions, "origin" | "secrets">;
}

interface Asking {
  readonly server: ServerReference;
  readonly secrets: readonly string[];
}

/** As the documentation of the API states. */
const MOST_LOG_PROBS = 20;
/** The first version whose answers hold log-probabilities. */
const LOG_PROBS_SINCE = [0, 12, 11];
/** Tokens. Memory for the whole context is taken when the model loads, so one of 131,072 tokens is not a default. */
const CONTEXT = 8192;
/**
 * The server computes one answer at a time unless it is told otherwise, and lets the others wait in a line of its own, so
 * that what waits there must not count as slow; and loading a large model takes minutes.
 */
const QUEUE = { concurrency: { start: 2, most: 4 }, requestTimeout: 600_000 };
/** Milliseconds for a question that loads no model. */
const PATIENCE = 20_000;

/**
 * @param reference `ollama-api:NAME[:TAG][@BASE_URL]`
 * @throws ExpectedError `model-reference-malformed`, `ollama-host-malformed`; RemoteError `provider-network` where no
 *   server runs, `provider-not-found` where it has no such model.
 */
export async function openOllama(reference: string, options: OpenOllamaOptions = {}): Promise<OllamaProvider> {
  const { env = process.env, signal, remember = (_, make) => make(), queue } = options;
  const server = parseOllamaReference(reference, env);
  const { origin, model } = server;
  const secrets = [env.OLLAMA_API_KEY ?? ""].filter((key) => key !== "");
  const quick = AbortSignal.any([AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])]);
  const client = new Ollama({ host: server.base, fetch: guardedFetch({ secrets, signal: quick }) });
  const asking = { server, secrets };
  const version = await ask(asking, async () => readVersion(await client.version(), origin));
  const served = await ask(asking, async () => readOllamaShow(await client.show({ model }), origin)).catch(
    async (error: unknown) => {
      if (!(error instanceof RemoteError) || error.code !== "provider-not-found") throw error;
      throw unknownModel(server, await listModels(client, asking), error);
    },
  );
  const identity = {
    reference,
    name: model,
    engine: `ollama ${version}`,
    digest: served.digest,
    contextLength: contextLength(served, env),
  };
  const all = { ...QUEUE, ...queue, origin, secrets };
  return new OllamaProvider(identity, capabilities(served, version), server, served, new RequestQueue(all), remember);
}

/** The context that every request asks for: one and the same, because another one loads the model again. */
function contextLength(served: OllamaServed, env: Readonly<Record<string, string | undefined>>): number {
  const wished = Number(env.OLLAMA_CONTEXT_LENGTH ?? "");
  const chosen = Number.isSafeInteger(wished) && wished > 0 ? wished : (served.setContext ?? CONTEXT);
  return Math.min(chosen, served.trainedContext ?? chosen);
}

/** By the names that the server itself gives, never by whether an address answers: /api/embed answers for every model. */
function capabilities({ capabilities: names }: OllamaServed, version: string): TextCapabilities {
  const generation = names?.includes("completion") ?? true;
  return {
    generation,
    topLogProbs: generation && hasLogProbs(version) ? MOST_LOG_PROBS : 0,
    ...{ scores: "none" as const, finalStates: null },
    embeddings: names?.includes("embedding") ?? false,
    schema: generation,
  };
}

function hasLogProbs(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  // A build from a checkout calls itself 0.0.0.
  if (parts === undefined || parts.every((part) => part === 0)) return true;
  const first = parts.findIndex((part, i) => part !== LOG_PROBS_SINCE[i]);
  return first < 0 || (parts[first] ?? 0) > (LOG_PROBS_SINCE[first] ?? 0);
}

function readVersion(answer: unknown, origin: string): string {
  const parsed = z.object({ version: z.string().max(100) }).safeParse(answer);
  if (parsed.success) return parsed.data.version;
  throw malformed(origin, "/api/version names no version: this is no Ollama server");
}

async function ask<T>({ server, secrets }: Asking, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (thrown) {
    const error = remoteError(thrown, server.origin, secrets);
    if (!(error instanceof RemoteError)) throw error;
    const { cause } = error;
    if (!(error.code === "provider-network" && cause instanceof Error && /ECONNREFUSED/.test(cause.message)))
      throw error;
    throw new RemoteError({
      code: "provider-network",
      message: `no Ollama server runs at ${server.base}`,
      where: server.origin,
      hint: server.loopback
        ? "start it with `ollama serve` (or the Ollama app), or set OLLAMA_HOST to where it runs"
        : "start it there with OLLAMA_HOST=0.0.0.0 `ollama serve`, or check the address",
      cause: error,
    });
  }
}

async function listModels(client: Ollama, asking: Asking): Promise<string[]> {
  const answer = await ask(asking, () => client.list());
  const parsed = z.object({ models: z.array(z.object({ name: z.string() })).nullable() }).safeParse(answer);
  if (!parsed.success) throw malformed(asking.server.origin, `/api/tags: ${z.prettifyError(parsed.error)}`);
  return (parsed.data.models ?? []).map(({ name }) => name.replace(/:latest$/, ""));
}

function unknownModel({ model, origin }: ServerReference, names: readonly string[], cause: RemoteError): RemoteError {
  const [nearest] = names.toSorted((a, b) => distance(a, model) - distance(b, model));
  const listed = `${names.slice(0, 20).join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`;
  return new RemoteError({
    code: "provider-not-found",
    message: `the Ollama server has no model ${JSON.stringify(model)}`,
    where: origin,
    hint: `${nearest ? `did you mean ${nearest}? it has: ${listed}; or ` : ""}run \`ollama pull ${model}\``,
    cause,
    status: cause.status,
  });
}
