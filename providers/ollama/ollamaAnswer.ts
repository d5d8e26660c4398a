/** What an Ollama server answers, checked. */
import { z } from "zod";
import type { Generated, GenerateRequest, NamedToken } from "../contract.ts";
import { malformed, missing, RemoteError } from "../remote/RemoteError.ts";

const TOKEN = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.number().int().min(0).max(255)).nullish(),
});
const COMMON = {
  done: z.literal(true),
  done_reason: z.string(),
  prompt_eval_count: z.number().int().nonnegative().optional(),
  eval_count: z.number().int().nonnegative().optional(),
  logprobs: z.array(TOKEN.extend({ top_logprobs: z.array(TOKEN).nullish() })).nullish(),
};
const ANSWERS = {
  generate: z.object({ ...COMMON, response: z.string(), thinking: z.string().optional() }),
  chat: z.object({ ...COMMON, message: z.object({ content: z.string(), thinking: z.string().optional() }) }),
};

/** Rounding may lift a certain token's log-probability a little above 0. */
const LOG_PROB_SLACK = 1e-4;

/**
 * An answer that is cut inside a character lacks the tokens of that character: the server keeps them back, so there may
 * be fewer tokens than it counts.
 * @throws RemoteError `provider-answer-malformed`; `input-too-long` where the answer filled the context before it had
 *   its tokens; `capability-missing` where log-probabilities were asked for and did not come.
 */
export function readOllamaAnswer(
  answer: unknown,
  kind: "chat" | "generate",
  request: GenerateRequest,
  origin: string,
): Generated {
  const parsed = ANSWERS[kind].safeParse(answer);
  if (!parsed.success) throw malformed(origin, `/api/${kind}: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  const said = "message" in data ? data.message : { content: data.response, thinking: data.thinking };
  const output = data.eval_count ?? null;
  const ended = readEnd(data.done_reason, output, request.maxTokens, origin);
  let tokens: Generated["tokens"] = null;
  if (request.topLogProbs) {
    if (said.thinking) {
      const hint = "take a model that can be told not to think, or measure without log-probabilities";
      throw missing(origin, "the model thinks before it answers, and the log-probabilities are of both", hint);
    }
    // No token at all: the answer ended at once, and the end token is not listed.
    if (!data.logprobs && said.content !== "") {
      const hint = "log-probabilities need Ollama 0.12.11 or newer";
      throw missing(origin, "log-probabilities were asked for, and the answer has none", hint);
    }
    tokens = (data.logprobs ?? []).map((token, place) => {
      const top = token.top_logprobs ?? [];
      if (top.length === 0) throw malformed(origin, `no likely tokens are named at place ${place}`);
      return { ...readToken(token, place, origin), top: top.map((one) => readToken(one, place, origin)) };
    });
  }
  return { text: said.content, ended, tokens, usage: { input: data.prompt_eval_count ?? null, output } };
}

function readEnd(reason: string, output: number | null, maxTokens: number, origin: string): Generated["ended"] {
  if (reason === "stop") return "end";
  if (reason !== "length") throw malformed(origin, `the answer ended for the reason ${JSON.stringify(reason)}`);
  if (output === null || output >= maxTokens) return "length";
  throw new RemoteError({
    code: "input-too-long",
    message: `the input leaves room for ${output} of the ${maxTokens} tokens of an answer`,
    where: origin,
    hint: "shorten the text, ask for fewer tokens, or give the model a longer context (OLLAMA_CONTEXT_LENGTH)",
  });
}

function readToken({ token, logprob, bytes }: z.infer<typeof TOKEN>, place: number, origin: string): NamedToken {
  if (logprob > LOG_PROB_SLACK) throw malformed(origin, `a log-probability of ${logprob} at place ${place}`);
  return { text: token, bytes: tokenBytes(token, bytes ?? null), logProb: Math.min(0, logprob) };
}

/**
 * The server decodes each token by itself, so a part of a character becomes U+FFFD, and the bytes that it lists are those
 * of U+FFFD: the token's own are lost, and two such tokens may look alike.
 */
function tokenBytes(text: string, bytes: readonly number[] | null): readonly number[] | null {
  if (bytes === null) return null;
  return text.includes("\uFFFD") && Buffer.from(bytes).equals(Buffer.from(text)) ? null : bytes;
}
