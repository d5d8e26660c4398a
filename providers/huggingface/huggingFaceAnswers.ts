/** What Hugging Face's services answer, checked: chat completions, completions, text generation and features. */
import { z } from "zod";
import type { Generated, NamedToken } from "../contract.ts";
import { malformed, missing, RemoteError } from "../remote/RemoteError.ts";
import { readVectors } from "../remote/readVectors.ts";

const COUNT = z.number().int().nonnegative();
const USAGE = z.object({ prompt_tokens: COUNT.nullish(), completion_tokens: COUNT.nullish() }).nullish();
const NAMED = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.number().int().min(0).max(255)).nullish(),
});
const CHAT = z.object({
  choices: z.tuple([
    z.object({
      message: z.object({ content: z.string().nullish() }),
      finish_reason: z.string(),
      logprobs: z.object({ content: z.array(NAMED.extend({ top_logprobs: z.array(NAMED) })).nullish() }).nullish(),
    }),
  ]),
  usage: USAGE,
});
const COMPLETION = z.object({
  choices: z.tuple([
    z.object({
      text: z.string(),
      finish_reason: z.string(),
      logprobs: z
        .object({
          tokens: z.array(z.string()),
          token_logprobs: z.array(z.number()),
          top_logprobs: z.array(z.record(z.string(), z.number())),
        })
        .nullish(),
    }),
  ]),
  usage: USAGE,
});
const DETAILED = z.object({ text: z.string(), logprob: z.number() });
const GENERATION = z.object({
  generated_text: z.string(),
  details: z.object({
    finish_reason: z.string(),
    generated_tokens: COUNT,
    tokens: z.array(DETAILED),
    top_tokens: z.array(z.array(DETAILED)).nullish(),
  }),
});

/** An answer of `/v1/chat/completions`. @throws RemoteError, as the others here. */
export function readChat(answer: unknown, topLogProbs: number, origin: string): Generated {
  const { choices, usage } = parse(CHAT, answer, "the chat completion", origin);
  const [{ message, finish_reason, logprobs }] = choices;
  if (topLogProbs > 0 && !logprobs?.content && message.content) throw noLogProbs(origin);
  return {
    text: message.content ?? "",
    ended: readEnd(finish_reason, origin),
    tokens:
      topLogProbs === 0
        ? null
        : (logprobs?.content ?? []).map((one) => ({
            ...named(one.token, one.logprob, one.bytes ?? null, origin),
            top: one.top_logprobs.map(({ token, logprob, bytes }) => named(token, logprob, bytes ?? null, origin)),
          })),
    usage: { input: usage?.prompt_tokens ?? null, output: usage?.completion_tokens ?? null },
  };
}

/** An answer of `/v1/completions`. Its likely tokens are named by their text alone: of two that look alike one is left. */
export function readCompletion(answer: unknown, topLogProbs: number, origin: string): Generated {
  const { choices, usage } = parse(COMPLETION, answer, "the completion", origin);
  const [{ text, finish_reason, logprobs }] = choices;
  if (topLogProbs > 0 && !logprobs && text !== "") throw noLogProbs(origin);
  const { tokens = [], token_logprobs: own = [], top_logprobs: top = [] } = logprobs ?? {};
  if (own.length !== tokens.length || top.length !== tokens.length) {
    throw malformed(origin, `${tokens.length} tokens came with ${own.length} and ${top.length} log-probabilities`);
  }
  return {
    text,
    ended: readEnd(finish_reason, origin),
    tokens:
      topLogProbs === 0
        ? null
        : tokens.map((token, i) => ({
            ...named(token, own[i] ?? Number.NaN, null, origin),
            top: Object.entries(top[i] ?? {})
              .map(([name, logProb]) => named(name, logProb, null, origin))
              .sort((a, b) => b.logProb - a.logProb),
          })),
    usage: { input: usage?.prompt_tokens ?? null, output: usage?.completion_tokens ?? null },
  };
}

/** An answer of text-generation-inference's `/generate` with `details`. */
export function readGeneration(answer: unknown, topLogProbs: number, origin: string): Generated {
  const { generated_text: text, details } = parse(GENERATION, answer, "the generated text", origin);
  const { tokens, top_tokens: top } = details;
  if (topLogProbs > 0 && top?.length !== tokens.length) throw noLogProbs(origin);
  return {
    text,
    ended: readEnd(details.finish_reason, origin),
    tokens:
      topLogProbs === 0
        ? null
        : tokens.map((token, i) => ({
            ...named(token.text, token.logprob, null, origin),
            top: (top?.[i] ?? []).map((one) => named(one.text, one.logprob, null, origin)),
          })),
    usage: { input: null, output: details.generated_tokens },
  };
}

export interface Features {
  readonly vectors: Float32Array[];
  /** Whether the answer had one vector a token, whose mean stands here. */
  readonly pooled: boolean;
}

/**
 * Features of so many texts: one vector a text, or one a token, [texts][tokens][dimensions], of which the mean is taken.
 * Anything deeper is refused.
 */
export function readFeatures(answer: unknown, texts: number, dimensions: number | null, origin: string): Features {
  const perToken = Array.isArray(answer) && answer.length > 0 && answer.every((row) => Array.isArray(row?.[0]));
  if (!perToken) return { vectors: readVectors(answer, texts, dimensions, origin), pooled: false };
  let width = dimensions;
  const means = answer.map((matrix: unknown[]) => {
    const rows = readVectors(matrix, matrix.length, width, origin);
    width ??= rows[0]?.length ?? null;
    const sum = new Float64Array(width ?? 0);
    for (const row of rows) for (const [i, value] of row.entries()) sum[i] = (sum[i] ?? 0) + value;
    return [...sum].map((value) => value / rows.length);
  });
  return { vectors: readVectors(means, texts, dimensions, origin), pooled: true };
}

function parse<T>(schema: z.ZodType<T>, answer: unknown, what: string, origin: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw malformed(origin, `${what} is none: ${z.prettifyError(parsed.error)}`);
}

function readEnd(reason: string, origin: string): Generated["ended"] {
  if (reason === "length") return "length";
  if (["stop", "eos", "eos_token", "stop_sequence"].includes(reason)) return "end";
  throw new RemoteError({
    code: reason === "content_filter" ? "provider-refused" : "provider-answer-malformed",
    message: `the answer ended for the reason ${JSON.stringify(reason)}`,
    where: origin,
    hint: "only answers that the model itself ended, or that reached their length, can be measured",
  });
}

function named(text: string, logProb: number, bytes: readonly number[] | null, origin: string): NamedToken {
  // Rounding may lift a certain token's a little above 0.
  if (!(logProb <= 1e-4)) throw malformed(origin, `a log-probability of ${logProb}`);
  // A part of a character that became U+FFFD: what the server lists are the bytes of that.
  const lost = bytes !== null && text.includes("\uFFFD") && Buffer.from(bytes).equals(Buffer.from(text));
  return { text, bytes: lost ? null : bytes, logProb: Math.min(0, logProb) };
}

function noLogProbs(origin: string): RemoteError {
  const hint = "take another inference provider, an endpoint of your own, or measures without log-probabilities";
  return missing(origin, "log-probabilities were asked for, and the answer has none", hint);
}
