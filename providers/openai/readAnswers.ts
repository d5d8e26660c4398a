/** Answers of the OpenAI interface, as its servers really give them: checked, and read into what the contract defines. */
import { z } from "zod";
import type { Generated, NamedToken } from "../contract.ts";
import { malformed, missing, RemoteError } from "../remote/RemoteError.ts";

/** What stands for a log-probability that the server does not tell. */
const UNTOLD = -9999;

const usage = z.looseObject({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish();
const named = z.looseObject({ token: z.string(), logprob: z.number(), bytes: z.array(z.number()).nullish() });
const chosen = z.array(named.extend({ top_logprobs: z.array(named).nullish() }));
const chat = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }),
        logprobs: z.looseObject({ content: chosen.nullish() }).nullish(),
      }),
    )
    .min(1),
  usage,
});
const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string(),
        finish_reason: z.string().nullish(),
        logprobs: z
          .looseObject({
            tokens: z.array(z.string()).nullish(),
            token_logprobs: z.array(z.number().nullable()).nullish(),
            top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
            // llama-server writes here what it writes in answers to a conversation.
            content: chosen.nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  usage,
});

/** The answer in the shape of `schema`. @throws RemoteError `provider-answer-malformed` */
export function readShape<T>(schema: z.ZodType<T>, answer: unknown, origin: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformed(origin, `the answer is not as expected at ${issue?.path.join(".") || "its top"}: ${issue?.message}`);
}

/** @param topLogProbs how many were asked for at each place; null where no log-probabilities were. */
export function readChat(answer: unknown, topLogProbs: number | null, origin: string): Generated {
  const { choices, usage } = readShape(chat, answer, origin);
  const choice = choices[0];
  if (!choice) throw malformed(origin, "the answer holds no choice");
  const { content, refusal } = choice.message;
  if (typeof content !== "string") {
    throw typeof refusal === "string" ? declined(origin, refusal) : malformed(origin, "the answer holds no text");
  }
  const generated = { text: content, ended: readEnd(choice.finish_reason, origin), usage: readUsage(usage) };
  if (topLogProbs === null) return { ...generated, tokens: null };
  const entries = choice.logprobs?.content;
  if (!entries || (entries.length === 0 && content !== "")) throw noLogProbs(origin);
  return { ...generated, tokens: readChosen(entries, topLogProbs, origin) };
}

function readChosen(entries: z.infer<typeof chosen>, topLogProbs: number, origin: string) {
  const tokens = entries.map(({ top_logprobs, ...entry }) => ({
    ...readToken(entry.token, entry.logprob, entry.bytes ?? null, origin),
    top: (top_logprobs ?? [])
      .filter(({ logprob }) => logprob !== UNTOLD)
      .map(({ token, logprob, bytes }) => readToken(token, logprob, bytes ?? null, origin)),
  }));
  if (topLogProbs > 0 && tokens.some(({ top }) => top.length === 0)) throw noLogProbs(origin);
  return tokens;
}

/** The same for the older interface that continues a text. */
export function readCompletion(answer: unknown, topLogProbs: number | null, origin: string): Generated {
  const { choices, usage } = readShape(completion, answer, origin);
  const choice = choices[0];
  if (!choice) throw malformed(origin, "the answer holds no choice");
  const generated = { text: choice.text, ended: readEnd(choice.finish_reason, origin), usage: readUsage(usage) };
  if (topLogProbs === null) return { ...generated, tokens: null };
  const { tokens: texts, token_logprobs: values, top_logprobs: tops, content } = choice.logprobs ?? {};
  if (content && content.length > 0) return { ...generated, tokens: readChosen(content, topLogProbs, origin) };
  if (!texts || !values || (texts.length === 0 && choice.text !== "")) throw noLogProbs(origin);
  if (values.length !== texts.length) {
    throw malformed(origin, `${texts.length} tokens came with ${values.length} log-probabilities`);
  }
  const tokens = texts.map((text, index) => {
    const value = values[index];
    if (typeof value !== "number") throw noLogProbs(origin);
    const top = Object.entries(tops?.[index] ?? {}).filter(([, logProb]) => logProb !== UNTOLD);
    return {
      ...readToken(text, value, null, origin),
      top: top.map(([name, logProb]) => readToken(name, logProb, null, origin)).sort((a, b) => b.logProb - a.logProb),
    };
  });
  if (topLogProbs > 0 && tokens.some(({ top }) => top.length === 0)) throw noLogProbs(origin);
  return { ...generated, tokens };
}

/** A part of a character is written `bytes:\xe4\xbd` in the older interface; the newer one gives the bytes beside it. */
function readToken(text: string, logProb: number, bytes: readonly number[] | null, origin: string): NamedToken {
  // Rounding of a probability of 1 may end a little above it.
  if (logProb === UNTOLD || !(logProb <= 1e-3)) {
    throw malformed(origin, `token ${JSON.stringify(text)} comes with the log-probability ${logProb}`);
  }
  if (bytes?.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) {
    throw malformed(origin, `token ${JSON.stringify(text)} comes with ${JSON.stringify(bytes)} as its bytes`);
  }
  const escaped = bytes === null ? /^bytes:((?:\\x[0-9a-f]{2})+)$/i.exec(text)?.[1] : undefined;
  if (escaped === undefined) return { text, bytes, logProb };
  const spelt = Uint8Array.from(escaped.slice(2).split("\\x"), (digits) => Number.parseInt(digits, 16));
  return { text: new TextDecoder().decode(spelt), bytes: [...spelt], logProb };
}

function readEnd(reason: string | null | undefined, origin: string): "end" | "length" {
  if (reason === "stop") return "end";
  if (reason === "length") return "length";
  if (reason === "content_filter") throw declined(origin, "content filter");
  throw malformed(origin, `the answer ended for the reason ${JSON.stringify(reason ?? null)}`);
}

function readUsage(counts: z.infer<typeof usage>): Generated["usage"] {
  return { input: counts?.prompt_tokens ?? null, output: counts?.completion_tokens ?? null };
}

function noLogProbs(origin: string): RemoteError {
  const hint = "use a server or model that shows them, or leave out the measures that need them";
  return missing(origin, "log-probabilities were asked for, and the answer holds none or not all of them", hint);
}

function declined(origin: string, said: string): RemoteError {
  return new RemoteError({
    code: "provider-refused",
    message: `the model declined to answer: ${said.slice(0, 200)}`,
    where: origin,
    hint: "look at the text that was sent: its wording met the provider's content rules",
  });
}
