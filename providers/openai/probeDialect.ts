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
  /** Whether it takes a temperature; where not, it samples at 1. */
  readonly temperature: boolean;
  /** Whether it takes these two (llama.cpp's and vLLM's names); where it does, they are 1, or greedy is not greedy. */
  readonly penalties: boolean;
  /** How it wants a JSON schema: as OpenAI does, or as llama.cpp's servers do; null where it takes none. */
  readonly schema: "json_schema" | "json_object" | null;
}

export interface Probed {
  readonly capabilities: TextCapabilities;
  readonly dialect: Dialect;
  /** The model as the server names it in an answer; null where it did not. */
  readonly name: string | null;
}

interface Chatting {
  readonly dialect: Dialect;
  readonly topLogProbs: number;
  readonly name: string | null;
}

const QUESTION = [{ role: "user", content: "What is the capital of France?" }] as const;

/** The fields of a request that say how to draw. */
export function drawing(dialect: Dialect, maxTokens: number, temperature: number): Record<string, unknown> {
  return {
    [dialect.limit]: maxTokens,
    ...(dialect.temperature ? { temperature } : {}),
    ...(dialect.penalties ? { repeat_penalty: 1, repetition_penalty: 1 } : {}),
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
  return {
    capabilities: { generation: false, topLogProbs: 0, embeddings: true, schema: false },
    dialect: { limit: "max_tokens", temperature: true, penalties: false, schema: null },
    name: null,
  };
}

/** Asks for everything, and for less each time that the server refuses. */
async function probeChat(client: OpenAiClient, signal?: AbortSignal): Promise<Chatting | { refusal: RemoteError }> {
  const { model, origin } = client.options;
  let dialect: Dialect = { limit: "max_tokens", temperature: true, penalties: true, schema: null };
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
      } else if (dialect.penalties && /repe(at|tition)_penalty|unrecogni[sz]ed|extra|unknown/i.test(message)) {
        dialect = { ...dialect, penalties: false };
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
