/**
 * What an OpenAI-compatible server takes and shows, found by asking it and never by its name: the same model name stands for
 * other abilities on other servers.
 */
import { z } from "zod";
import type { Generated, TextCapabilities } from "../contract.ts";
import { isRefused, type RemoteError } from "../remote/RemoteError.ts";
import { readVectors } from "../remote/readVectors.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { readChat, readShape } from "./readAnswers.ts";

/** How the server wants its requests. */
export interface Dialect {
  readonly limit: "max_tokens" | "max_completion_tokens";
  /** Whether it takes a temperature (and top_p); where not, it samples at 1. */
  readonly temperature: boolean;
  /**
   * Its `top_k` for the whole vocabulary, where it takes that, `min_p` and a repeat penalty (llama.cpp's name or vLLM's);
   * null where it does not. They have defaults of their own: with these greedy is not greedy, nor a sample the model's.
   */
  readonly wholeTopK: 0 | -1 | null;
  /** How it wants a JSON schema: as OpenAI does, or as llama.cpp's servers do; null where it takes none. */
  readonly schema: "json_schema" | "json_object" | null;
}

export interface Probed {
  readonly capabilities: TextCapabilities;
  readonly dialect: Dialect;
  /** The model as the server names it in an answer; null where it did not. */
  readonly name: string | null;
}

/** Of a server that neither chats nor embeds. */
export const SILENT: Probed = {
  capabilities: {
    ...{ generation: false, topLogProbs: 0, embeddings: false, schema: false },
    ...{ scores: "none", finalStates: null },
  },
  dialect: { limit: "max_tokens", temperature: true, wholeTopK: null, schema: null },
  name: null,
};

interface Chatting {
  readonly dialect: Dialect;
  readonly topLogProbs: number;
  readonly name: string | null;
}

const OWN_SETTINGS = /repe(at|tition)_penalty|top_k|min_p|unrecogni[sz]ed|extra|unknown/i;
const QUESTION = [{ role: "user", content: "What is the capital of France?" }] as const;

/** The fields of a request that say how to draw. */
export function drawing(dialect: Dialect, maxTokens: number, temperature: number): Record<string, unknown> {
  return {
    [dialect.limit]: maxTokens,
    ...(dialect.temperature && { temperature, top_p: 1 }),
    ...(dialect.wholeTopK !== null && { repeat_penalty: 1, repetition_penalty: 1, min_p: 0, top_k: dialect.wholeTopK }),
  };
}

/** @throws RemoteError where the server can neither chat nor embed, or cannot be asked. */
export async function probeDialect(client: OpenAiClient, signal?: AbortSignal): Promise<Probed> {
  const chat = await probeChat(client, signal);
  if ("dialect" in chat) {
    const dialect = { ...chat.dialect, schema: await probeSchema(client, chat.dialect, signal) };
    // A chat model gives vectors too on some servers (Ollama answers 200), and they are no sentence embeddings.
    const capabilities = {
      generation: true,
      topLogProbs: chat.topLogProbs,
      scores: "none" as const,
      finalStates: null,
      embeddings: false,
      schema: dialect.schema !== null,
    };
    return { capabilities, dialect, name: chat.name };
  }
  const { model, origin } = client.options;
  const body = { model, input: ["What is the capital of France?"], encoding_format: "float" };
  try {
    const shape = z.looseObject({ data: z.array(z.looseObject({ embedding: z.unknown() })) });
    await client.post(
      "/embeddings",
      body,
      {
        read(answer) {
          const rows = readShape(shape, answer, origin).data.map(({ embedding }) => embedding);
          return readVectors(rows, 1, null, origin);
        },
      },
      signal,
    );
  } catch (error) {
    // What the chat route said is nearer to what went wrong.
    if (isRefused(error)) throw chat.refusal;
    throw error;
  }
  return { ...SILENT, capabilities: { ...SILENT.capabilities, embeddings: true } };
}

/** Asks for everything, and for less each time that the server refuses. */
async function probeChat(client: OpenAiClient, signal?: AbortSignal): Promise<Chatting | { refusal: RemoteError }> {
  const { model, origin } = client.options;
  let dialect: Dialect = { limit: "max_tokens", temperature: true, wholeTopK: 0, schema: null };
  let topLogProbs = 20;
  for (;;) {
    const asked = topLogProbs > 0 ? { logprobs: true, top_logprobs: topLogProbs } : {};
    // Enough for a model that thinks first; one token would do for the others.
    const body = { model, messages: QUESTION, ...drawing(dialect, 16, 0), ...asked };
    try {
      const read = (answer: unknown) => {
        const generated: Generated = readChat(answer, null, origin);
        const name = (answer as { model?: unknown }).model;
        return { name: typeof name === "string" ? name : null, named: countNamed(answer, generated, origin) };
      };
      const { name, named } = await client.post("/chat/completions", body, { read }, signal);
      return { dialect, topLogProbs: topLogProbs > 0 ? Math.min(topLogProbs, named) : 0, name };
    } catch (error) {
      if (!isRefused(error)) throw error;
      const { message } = error;
      if (dialect.limit === "max_tokens" && message.includes("max_completion_tokens")) {
        dialect = { ...dialect, limit: "max_completion_tokens" };
      } else if (dialect.wholeTopK === 0 && message.includes("top_k must be -1")) {
        dialect = { ...dialect, wholeTopK: -1 };
      } else if (dialect.wholeTopK !== null && OWN_SETTINGS.test(message)) {
        dialect = { ...dialect, wholeTopK: null };
      } else if (dialect.temperature && /temperature/i.test(message)) dialect = { ...dialect, temperature: false };
      else if (topLogProbs > 0 && error.code !== "provider-not-found") topLogProbs = topLogProbs > 5 ? 5 : 0;
      else return { refusal: error };
    }
  }
}

/** The fewest tokens that are named at a place of the answer; 0 where there are no log-probabilities. */
function countNamed(answer: unknown, generated: Generated, origin: string): number {
  if (generated.text === "") return 0;
  try {
    const { tokens } = readChat(answer, 1, origin);
    return Math.min(...(tokens ?? []).map(({ top }) => top.length));
  } catch (error) {
    if (isRefused(error)) return 0;
    throw error;
  }
}

/** A server that ignores the schema answers the question in prose. */
async function probeSchema(client: OpenAiClient, dialect: Dialect, signal?: AbortSignal): Promise<Dialect["schema"]> {
  const { model, origin } = client.options;
  const schema = {
    type: "object",
    properties: { ok: { type: "boolean" } },
    required: ["ok"],
    additionalProperties: false,
  };
  const body = { model, messages: QUESTION, ...drawing(dialect, 32, 0) };
  const read = (answer: unknown) => readChat(answer, null, origin).text;
  for (const form of ["json_schema", "json_object"] as const) {
    try {
      const asked = { ...body, response_format: responseFormat(form, schema) };
      const parsed: unknown = JSON.parse(await client.post("/chat/completions", asked, { read }, signal));
      if (typeof (parsed as { ok?: unknown } | null)?.ok === "boolean") return form;
    } catch (error) {
      if (!isRefused(error) && !(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}

export function responseFormat(
  form: "json_schema" | "json_object",
  schema: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (form === "json_object") return { type: form, schema };
  return { type: form, json_schema: { name: "answer", strict: true, schema } };
}
