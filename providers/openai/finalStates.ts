/**
 * States after the last norm, where a server of a declared kind shows them. The OpenAI interface has no place for them, so
 * each kind has a route of its own; all give the last one of the rows that they hold, one a token.
 */
import { z } from "zod";
import type { TextInput } from "../contract.ts";
import { malformed, missing } from "../remote/RemoteError.ts";
import { readVectors } from "../remote/readVectors.ts";
import type { OpenAiClient, Sending } from "./OpenAiClient.ts";
import { readShape } from "./readAnswers.ts";
import { besideBase } from "./readPromptLogProbs.ts";

/** Kinds of servers that show more than the OpenAI interface has. */
export type ServerKind = "vllm" | "sglang" | "llama-server";

type Ask = (
  client: OpenAiClient,
  input: TextInput,
  signal?: AbortSignal,
  estimates?: Pick<Sending<unknown>, "tokens" | "cost">,
) => Promise<Float32Array>;

/** State after the last norm at the input's last token, float32 [width]. @throws RemoteError `capability-missing`. */
export const FINAL_STATE: Readonly<Record<ServerKind, Ask>> = {
  vllm: (client, input, signal, estimates) => {
    const { base, model, origin } = client.options;
    const sent = "text" in input ? { input: input.text } : { messages: input.messages, add_generation_prompt: true };
    const body = { model, task: "token_embed", use_activation: false, encoding_format: "float", ...sent };
    const shape = z.looseObject({ data: z.array(z.looseObject({ data: z.unknown() })).length(1) });
    const read = (answer: unknown) => lastOf(readShape(shape, answer, origin).data[0]?.data, origin, "token_embed");
    return client.post(besideBase(base, "/pooling"), body, { ...estimates, read }, signal);
  },

  "llama-server": async (client, input, signal, estimates) => {
    const { base, origin } = client.options;
    const content = "text" in input ? input.text : await rendered(client, input.messages, signal);
    const shape = z.array(z.looseObject({ embedding: z.unknown() })).length(1);
    const read = (answer: unknown) => lastOf(readShape(shape, answer, origin)[0]?.embedding, origin, "pooling none");
    // -1: as they are; they are scaled to length 1 otherwise.
    const body = { content, embd_normalize: -1 };
    return client.post(besideBase(base, "/embeddings"), body, { ...estimates, read }, signal);
  },

  sglang: (client, input, signal, estimates) => {
    const { base, model, origin } = client.options;
    if ("text" in input) {
      const shape = z.looseObject({ meta_info: z.looseObject({ hidden_states: z.array(z.unknown()).nullish() }) });
      const read = (answer: unknown) => firstStep(readShape(shape, answer, origin).meta_info.hidden_states, origin);
      const drawing = { max_new_tokens: 1, temperature: 0 };
      const body = { text: input.text, sampling_params: drawing, return_hidden_states: true };
      return client.post(besideBase(base, "/generate"), body, { ...estimates, read }, signal);
    }
    const choice = z.looseObject({ hidden_states: z.array(z.unknown()).nullish() });
    const shape = z.looseObject({ choices: z.array(choice).min(1) });
    const read = (answer: unknown) => firstStep(readShape(shape, answer, origin).choices[0]?.hidden_states, origin);
    // With one new token, the last state that was computed is the one that it was drawn from.
    const body = { model, messages: input.messages, max_tokens: 1, temperature: 0, return_hidden_states: "last" };
    return client.post("/chat/completions", body, { ...estimates, read }, signal);
  },
};

/** How each kind has to be started to show them. */
export const FINAL_STATE_HINT: Readonly<Record<ServerKind, string>> = {
  vllm: "start it with `--runner pooling --pooler-config.task token_embed` (it then generates nothing: a second server can)",
  "llama-server": "start it with `--embeddings --pooling none`",
  sglang: "start it with `--enable-return-hidden-states`",
};

/** The conversation as llama-server's template writes it. */
function rendered(client: OpenAiClient, messages: readonly unknown[], signal?: AbortSignal): Promise<string> {
  const { base, origin } = client.options;
  const read = (answer: unknown) => readShape(z.looseObject({ prompt: z.string() }), answer, origin).prompt;
  return client.post(besideBase(base, "/apply-template"), { messages }, { read }, signal);
}

/** @param rows one a token. */
function lastOf(rows: unknown, origin: string, started: string): Float32Array {
  if (!Array.isArray(rows) || rows.length === 0) throw malformed(origin, "the answer holds no list of states");
  if (!Array.isArray(rows[0])) {
    throw missing(origin, "the server gives one vector a text, and not one a token", `it has to run with ${started}`);
  }
  return readVectors(rows.slice(-1), 1, null, origin)[0] as Float32Array;
}

/** SGLang gives a list a step: first that of the input, as rows (of what its cache did not hold), or as the last row alone. */
function firstStep(steps: readonly unknown[] | null | undefined, origin: string): Float32Array {
  const [first] = steps ?? [];
  if (first === undefined) throw missing(origin, "the answer holds no hidden states", FINAL_STATE_HINT.sglang);
  const last: unknown = Array.isArray(first) && Array.isArray(first[0]) ? first.at(-1) : first;
  return readVectors([last], 1, null, origin)[0] as Float32Array;
}
