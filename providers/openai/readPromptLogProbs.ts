/** The ways in which servers tell how likely the tokens of a prompt are. Each may be wrong; see probePromptLogProbs. */
import { z } from "zod";
import type { TextInput } from "../contract.ts";
import { malformed, missing } from "../remote/RemoteError.ts";
import type { OpenAiClient, Sending } from "./OpenAiClient.ts";
import { type Dialect, drawing } from "./probeDialect.ts";
import { readShape } from "./readAnswers.ts";

/** `prompt_logprobs` as vLLM has it; `echo` with `logprobs`; SGLang's own `/generate`. */
export type PromptLogProbsWay = "prompt_logprobs" | "echo" | "sglang";

export interface ScoredToken {
  readonly text: string;
  /** In the server's vocabulary; null where the server does not say. */
  readonly id: number | null;
  /** Nats; null at the first token, which nothing comes before. */
  readonly logProb: number | null;
}

const vllm = z.looseObject({
  prompt_logprobs: z
    .array(z.record(z.string(), z.looseObject({ logprob: z.number(), decoded_token: z.string().nullish() })).nullable())
    .nullish(),
});
const vllmAnswer = vllm.extend({ choices: z.array(vllm).min(1) });
const echoAnswer = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string(),
        logprobs: z
          .looseObject({
            tokens: z.array(z.string()).nullish(),
            token_logprobs: z.array(z.number().nullable()).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});
const sglangAnswer = z.looseObject({
  meta_info: z.looseObject({
    input_token_logprobs: z.array(z.tuple([z.number().nullable(), z.number(), z.string().nullish()])).nullish(),
  }),
});

/**
 * The tokens of the input with their log-probabilities, a template's included.
 * @throws RemoteError `capability-missing` where there are none.
 */
export function readPromptLogProbs(
  way: PromptLogProbsWay,
  client: OpenAiClient,
  dialect: Dialect,
  input: TextInput,
  signal?: AbortSignal,
  estimates: Pick<Sending<unknown>, "tokens" | "cost"> = {},
): Promise<ScoredToken[]> {
  const { model, base, origin } = client.options;
  if ("messages" in input) {
    if (way !== "prompt_logprobs") throw none(origin, "log-probabilities of a conversation");
    const begun = input.messages.at(-1)?.role === "assistant";
    const body = {
      ...drawing(dialect, 1, 0),
      ...{ model, messages: input.messages, prompt_logprobs: 0 },
      ...{ add_generation_prompt: !begun, continue_final_message: begun },
    };
    return client.post("/chat/completions", body, { ...estimates, read: (answer) => readVllm(answer, origin) }, signal);
  }
  const { text } = input;
  // 0 new tokens means no limit to llama-cpp-python.
  const common = { ...drawing({ ...dialect, limit: "max_tokens" }, 1, 0), model, prompt: text };
  if (way === "prompt_logprobs") {
    const read = (answer: unknown) => readVllm(answer, origin);
    return client.post("/completions", { ...common, prompt_logprobs: 0 }, { ...estimates, read }, signal);
  }
  if (way === "echo") {
    const read = (answer: unknown) => readEcho(answer, text, origin);
    return client.post("/completions", { ...common, echo: true, logprobs: 1 }, { ...estimates, read }, signal);
  }
  const body = {
    text,
    sampling_params: { max_new_tokens: 1, temperature: 0 },
    return_logprob: true,
    logprob_start_len: 0,
    return_text_in_logprobs: true,
  };
  const read = (answer: unknown) => readSglang(answer, origin);
  return client.post(besideBase(base, "/generate"), body, { ...estimates, read }, signal);
}

/** A route of the server's own, which stands beside the base URL's /v1. */
export const besideBase = (base: string, route: string) => new URL(`${base.replace(/\/v1$/, "")}${route}`);

function readVllm(answer: unknown, origin: string): ScoredToken[] {
  const { choices, prompt_logprobs: outer } = readShape(vllmAnswer, answer, origin);
  const entries = choices[0]?.prompt_logprobs ?? outer;
  if (!entries) throw none(origin, "prompt_logprobs");
  return entries.map((entry, index) => {
    // The very first one is not told.
    if (entry === null && index === 0) return { text: "", id: null, logProb: null };
    const candidates = Object.entries(entry ?? {});
    const [id, only] = candidates[0] ?? [];
    // With 0 further ones asked for, the prompt's own token stands alone.
    if (!only || candidates.length > 1) {
      throw malformed(origin, `prompt_logprobs holds ${candidates.length} tokens at place ${index}, and not one`);
    }
    return { text: only.decoded_token ?? "", id: Number(id), logProb: only.logprob };
  });
}

/** The tokens of the answer up to the end of the prompt; what follows was generated. */
function readEcho(answer: unknown, prompt: string, origin: string): ScoredToken[] {
  const choice = readShape(echoAnswer, answer, origin).choices[0];
  const texts = choice?.logprobs?.tokens;
  const values = choice?.logprobs?.token_logprobs;
  if (!choice || !texts || !values || !choice.text.startsWith(prompt)) throw none(origin, "echo with logprobs");
  if (texts.length !== values.length) {
    throw malformed(origin, `${texts.length} tokens came with ${values.length} log-probabilities`);
  }
  const scored: ScoredToken[] = [];
  let read = "";
  for (const [index, text] of texts.entries()) {
    // A special token at the start is no part of the text.
    if (read.length >= prompt.length) break;
    if (prompt.startsWith(read + text)) read += text;
    else if (scored.length > 0) break;
    scored.push({ text, id: null, logProb: values[index] ?? null });
  }
  if (read !== prompt) throw none(origin, "echo with logprobs for the whole prompt");
  return scored;
}

function readSglang(answer: unknown, origin: string): ScoredToken[] {
  const entries = readShape(sglangAnswer, answer, origin).meta_info.input_token_logprobs;
  if (!entries) throw none(origin, "input_token_logprobs");
  return entries.map(([logProb, id, text]) => ({ text: text ?? "", id, logProb }));
}

function none(origin: string, what: string) {
  return missing(origin, `the answer holds no ${what}`, "use another server, or leave out the measures that need it");
}
