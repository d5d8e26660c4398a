/**
 * A model of a few words behind the OpenAI interface, with what real servers do to it. Each token's distribution hangs on
 * the token before alone, so what is right is known without asking.
 */
import type { ServerResponse } from "node:http";
import { json, type Received } from "../remote/FaultServer.ts";

const WORDS = [
  " red",
  " blue",
  " green",
  " sky",
  " sea",
  " stone",
  " bird",
  " leaf",
  " rain",
  " fire",
  " wood",
  " gold",
];

export type Dialect = "openai" | "vllm" | "sglang" | "llama-cpp-python" | "ollama";

/** A token ends where the next space begins. */
const tokenize = (text: string): string[] => text.match(/\s?[^\s]+/g) ?? [];

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16_777_619);
  value ^= value >>> 15;
  return ((Math.imul(value, 2_246_822_519) >>> 0) % 10_007) / 10_007;
}

/** Log-probabilities of all words after `previous`; words of no vocabulary share what is left, a tenth. */
function distribution(previous: string): Map<string, number> {
  const logits = WORDS.map((word) => 4 * hash(`${previous}|${word}`) - (word === previous ? 9 : 0));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return new Map(WORDS.map((word, index) => [word, Math.log((0.9 * Math.exp(logits[index] ?? 0)) / sum)]));
}

export const logProb = (token: string, previous: string): number =>
  distribution(previous).get(token) ?? Math.log(0.1) - 5 - 5 * hash(`${previous}|${token}`);

const best = (previous: string) => [...distribution(previous)].sort((a, b) => b[1] - a[1]);

function greedy(prompt: string, count: number): string[] {
  const tokens: string[] = [];
  let previous = tokenize(prompt).at(-1) ?? "";
  while (tokens.length < count) {
    previous = best(previous)[0]?.[0] ?? "";
    tokens.push(previous);
  }
  return tokens;
}

const at = (tokens: readonly string[], index: number) => tokens[index] ?? "";

/** Answers as the server named would. */
export function serveModel(dialect: Dialect) {
  return ({ path, body }: Received, response: ServerResponse): void => {
    const request = (body ?? {}) as Record<string, unknown>;
    if (path === "/v1/models") json(response, 200, { object: "list", data: [listing(dialect)] });
    else if (path === "/v1/chat/completions") answerChat(dialect, request, response);
    else if (path === "/v1/completions") answerCompletion(dialect, request, response);
    else if (path === "/generate" && dialect === "sglang") answerSglang(request, response);
    else json(response, 404, { detail: "Not Found" });
  };
}

function listing(dialect: Dialect) {
  const owner = { openai: "system", vllm: "vllm", sglang: "sglang", "llama-cpp-python": "me", ollama: "library" };
  return {
    id: "tiny",
    object: "model",
    owned_by: owner[dialect],
    ...(dialect === "vllm" ? { max_model_len: 512 } : {}),
  };
}

function answerChat(dialect: Dialect, request: Record<string, unknown>, response: ServerResponse): void {
  if (dialect === "openai" && "repeat_penalty" in request) {
    const message = "Unrecognized request arguments supplied: repeat_penalty, repetition_penalty";
    json(response, 400, { error: { message, type: "invalid_request_error", param: null, code: null } });
    return;
  }
  if (dialect === "sglang" && request.top_k === 0) {
    json(response, 400, { object: "error", message: "top_k must be -1 (disable) or at least 1, got 0." });
    return;
  }
  const messages = request.messages as { role: string; content: string }[];
  // The template, a token a message, ends where the assistant's message begins.
  const begun = request.add_generation_prompt === false;
  const read = messages.flatMap(({ role, content }) => [`<${role}>`, ...tokenize(content)]);
  const prompt = begun ? read : [...read, "<assistant>"];
  const tokens = greedy(prompt.at(-1) ?? "", Number(request.max_tokens));
  let previous = prompt.at(-1) ?? "";
  const content = tokens.map((token) => {
    const top = best(previous).slice(0, Number(request.top_logprobs ?? 0));
    const entry = { token, logprob: logProb(token, previous), bytes: [...Buffer.from(token)] };
    previous = token;
    return {
      ...entry,
      top_logprobs: top.map(([word, logprob]) => ({ token: word, logprob, bytes: [...Buffer.from(word)] })),
    };
  });
  const form = request.response_format as { type: string; schema?: unknown } | undefined;
  if (dialect === "llama-cpp-python" && form?.type === "json_schema") {
    const message = "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'response_format', 'type')}";
    json(response, 500, { error: { message, type: "internal_server_error", param: null, code: null } });
    return;
  }
  // A server that takes the form and ignores it stands for many small ones.
  const obeyed = form !== undefined && dialect !== "sglang" && (form.type === "json_schema" || "schema" in form);
  const text = obeyed ? '{"ok": true}' : tokens.join("");
  json(response, 200, {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "tiny-2026-01-01",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text },
        finish_reason: "length",
        logprobs: request.logprobs === true ? { content } : null,
      },
    ],
    ...(dialect === "vllm" && "prompt_logprobs" in request && { prompt_logprobs: promptLogProbs(prompt) }),
    usage: { prompt_tokens: 12, completion_tokens: tokens.length, total_tokens: 12 + tokens.length },
  });
}

function answerCompletion(dialect: Dialect, request: Record<string, unknown>, response: ServerResponse): void {
  const prompt = String(request.prompt);
  const before = tokenize(prompt);
  const after = greedy(prompt, Number(request.max_tokens));
  const all = [...before, ...after];
  const scored = (index: number) => (index === 0 ? null : logProb(at(all, index), at(all, index - 1)));
  // Its issue 1983: the distribution after token i, where the one before it is meant; generated tokens are right.
  const offByOne = (index: number) => (index === 0 ? null : logProb(at(all, index), at(all, index)));
  const plain = dialect === "ollama";
  const echo = request.echo === true && !plain;
  const first = echo ? 0 : before.length;
  const shifted = echo && dialect === "llama-cpp-python";
  const indices = all.map((_, index) => index).slice(first);
  const logprobs = {
    tokens: indices.map((index) => at(all, index)),
    token_logprobs: indices.map((index) => (shifted ? offByOne(index) : scored(index))),
    top_logprobs: indices.map((index) =>
      index === 0 ? null : Object.fromEntries(best(at(all, index - 1)).slice(0, Number(request.logprobs))),
    ),
    text_offset: indices.map((index) => all.slice(first, index).join("").length),
  };
  const asked = typeof request.logprobs === "number" && !plain;
  const choice = {
    index: 0,
    text: (echo ? prompt : "") + after.join(""),
    finish_reason: "length",
    logprobs: asked ? logprobs : null,
    ...(dialect === "vllm" && "prompt_logprobs" in request ? { prompt_logprobs: promptLogProbs(before) } : {}),
  };
  // Ollama puts its chat template around the text.
  const read = before.length + (plain ? 30 : 0);
  const usage = { prompt_tokens: read, completion_tokens: after.length, total_tokens: read + after.length };
  json(response, 200, { id: "cmpl-1", object: "text_completion", created: 1, model: "tiny", choices: [choice], usage });
}

/** As vLLM writes them. */
const promptLogProbs = (tokens: readonly string[]) =>
  tokens.map((token, index) =>
    index === 0
      ? null
      : { [1000 + index]: { logprob: logProb(token, at(tokens, index - 1)), rank: 1, decoded_token: token } },
  );

function answerSglang(request: Record<string, unknown>, response: ServerResponse): void {
  const tokens = tokenize(String(request.text));
  const entries = tokens.map((token, index) => [index === 0 ? null : logProb(token, at(tokens, index - 1)), 7, token]);
  json(response, 200, { text: " red", meta_info: { input_token_logprobs: entries, prompt_tokens: tokens.length } });
}
