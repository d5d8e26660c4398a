/**
 * Endpoints as Hugging Face runs them: text-generation-inference, text-embeddings-inference, an OpenAI-compatible one
 * (vLLM, llama.cpp), in the form of their documentation; and the Hub with its router, in front of them.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of several interfaces, read by the tests alone
  readonly body: any;
}

export type Handler = (asked: Asked) => { readonly status?: number; readonly json: unknown } | null;

export interface HuggingFaceServer {
  readonly base: string;
  readonly asked: Asked[];
  handler: Handler;
  close(): Promise<void>;
}

export async function startHuggingFaceServer(handler: Handler): Promise<HuggingFaceServer> {
  const http = createServer((request, response) => {
    void text(request).then((sent) => {
      const asked = { path: request.url ?? "", headers: request.headers, body: sent === "" ? null : JSON.parse(sent) };
      server.asked.push(asked);
      send(response, server.handler(asked));
    });
  });
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  const server: HuggingFaceServer = {
    base: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked: [],
    handler,
    async close() {
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
  return server;
}

function send(response: ServerResponse, answer: ReturnType<Handler>): void {
  response.writeHead(answer === null ? 404 : (answer.status ?? 200), { "content-type": "application/json" });
  response.end(JSON.stringify(answer === null ? { error: "not found" } : answer.json));
}

const token = (word: string, logprob: number) => ({ token: word, logprob, bytes: [...Buffer.from(word)] });

/** `/v1/chat/completions`, with at most `most` likely tokens; 0: it knows no log-probabilities. */
export const chatHandler =
  (most: number): Handler =>
  ({ path, body }) => {
    if (path !== "/v1/chat/completions") return null;
    const top = body.top_logprobs ?? 0;
    if (top > most && most > 0) return { status: 422, json: { error: `top_logprobs must be at most ${most}` } };
    const likely = [token("Hi", -0.5), token("Hello", -1.5), token("Hey", -2.5)].slice(0, top);
    const content = [{ ...token("Hi", -0.5), top_logprobs: likely }];
    const logprobs = most > 0 && body.logprobs ? { content } : null;
    const choices = [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "length", logprobs }];
    const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
    return { json: { id: "1", object: "chat.completion", created: 1, model: body.model, choices, usage } };
  };

/** `/v1/completions`. */
export const completionHandler: Handler = ({ path, body }) => {
  if (path !== "/v1/completions") return null;
  const wanted = body.logprobs
    ? {
        tokens: [" Paris"],
        token_logprobs: [-0.25],
        top_logprobs: [{ " the": -2.75, " Paris": -0.25 }],
        text_offset: [0],
      }
    : null;
  const choices = [{ index: 0, text: " Paris", finish_reason: "stop", logprobs: wanted }];
  return {
    json: { id: "1", created: 1, model: body.model, choices, usage: { prompt_tokens: 5, completion_tokens: 1 } },
  };
};

/** text-generation-inference 3. */
export const generationHandler: Handler = (asked) => {
  const { path, body } = asked;
  if (path === "/info") return { json: { model_id: "owner/model", version: "3.3.5", max_total_tokens: 4096 } };
  if (path !== "/generate") return chatHandler(5)(asked);
  const top = [
    { id: 7042, text: " Paris", logprob: -0.25, special: false },
    { id: 260, text: " the", logprob: -2.75, special: false },
  ];
  const { top_n_tokens: n = 0, max_new_tokens: most } = body.parameters;
  const details = {
    finish_reason: "length",
    generated_tokens: most,
    prefill: [],
    tokens: [top[0]],
    ...(n > 0 && { top_tokens: [top.slice(0, n)] }),
  };
  return { json: { generated_text: " Paris", details } };
};

/** text-embeddings-inference 1.8: vectors of width 3; a text of more than 40 characters is too long. */
export const embeddingsHandler: Handler = ({ path, body }) => {
  if (path === "/info") {
    const model_type = { embedding: { pooling: "mean" } };
    return { json: { model_id: "owner/encoder", version: "1.8.2", max_input_length: 512, model_type } };
  }
  if (path !== "/") return null;
  const inputs = body.inputs as string[];
  if (inputs.length > 32) return { status: 413, json: { error: "batch size 33 > maximum allowed batch size 32" } };
  if (inputs.some((one) => one.length > 40)) {
    const error = "Input validation error: `inputs` must have less than 512 tokens. Given: 600";
    return { status: 413, json: { error, error_type: "Validation" } };
  }
  return { json: inputs.map((one) => [one.length, 1, -0.5]) };
};
