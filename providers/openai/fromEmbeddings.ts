/** Generation after rows in place of a text's token embeddings, where a server of a declared kind has a route for it. */
import { z } from "zod";
import type { EmbeddingsRequest, Generated, NamedToken } from "../contract.ts";
import { malformed } from "../remote/RemoteError.ts";
import type { ServerKind } from "./finalStates.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { type Dialect, drawing } from "./probeDialect.ts";
import { readCompletion, readShape } from "./readAnswers.ts";
import { besideBase } from "./readPromptLogProbs.ts";
import { torchTensor } from "./torchTensor.ts";

type Ask = (
  client: OpenAiClient,
  dialect: Dialect,
  request: EmbeddingsRequest,
  copy: number,
  signal?: AbortSignal,
) => Promise<Generated>;

/** A kind that is not here has no such route. @throws RemoteError of the server, which has to be started for it. */
export const FROM_EMBEDDINGS: Readonly<Partial<Record<ServerKind, Ask>>> = {
  vllm: (client, dialect, { embeddings, maxTokens, temperature, seed, stop, topLogProbs }, copy, signal) => {
    const { model, origin } = client.options;
    const body = {
      ...{ model, ...drawing({ ...dialect, limit: "max_tokens" }, maxTokens, temperature) },
      ...{ ...(seed !== undefined && { seed }), ...(stop?.length && { stop }) },
      ...(topLogProbs !== undefined && { logprobs: topLogProbs }),
      prompt_embeds: Buffer.from(torchTensor(embeddings)).toString("base64"),
    };
    const read = (answer: unknown) => readCompletion(answer, topLogProbs ?? null, origin);
    return client.post("/completions", body, { copy, tokens: embeddings.length + maxTokens, read }, signal);
  },

  sglang: (client, _, { embeddings, maxTokens, temperature, seed, stop, topLogProbs }, copy, signal) => {
    const { base, origin } = client.options;
    const whole = { top_p: 1, top_k: -1, min_p: 0, repetition_penalty: 1 };
    const drawn = {
      max_new_tokens: maxTokens,
      temperature,
      ...whole,
      ...(seed !== undefined && { sampling_seed: seed }),
    };
    const body = {
      input_embeds: embeddings.map((row) => [...row]),
      sampling_params: { ...drawn, ...(stop?.length && { stop }) },
      ...(topLogProbs !== undefined && {
        ...{
          return_logprob: true,
          logprob_start_len: -1,
          return_text_in_logprobs: true,
          top_logprobs_num: topLogProbs,
        },
      }),
    };
    const read = (answer: unknown) => readSglang(answer, topLogProbs ?? null, origin);
    const how = { copy, tokens: embeddings.length + maxTokens, read };
    return client.post(besideBase(base, "/generate"), body, how, signal);
  },
};

/** How each kind has to be started for it. */
export const FROM_EMBEDDINGS_HINT: Readonly<Partial<Record<ServerKind, string>>> = {
  vllm: "start it with `--enable-prompt-embeds`",
  sglang: "start it with `--disable-radix-cache`",
};

const entry = z.tuple([z.number(), z.number(), z.string().nullish()]);
const sglangAnswer = z.looseObject({
  text: z.string(),
  meta_info: z.looseObject({
    finish_reason: z.looseObject({ type: z.string() }).nullish(),
    prompt_tokens: z.number().nullish(),
    completion_tokens: z.number().nullish(),
    output_token_logprobs: z.array(entry).nullish(),
    output_top_logprobs: z.array(z.array(entry).nullish()).nullish(),
  }),
});

function readSglang(answer: unknown, topLogProbs: number | null, origin: string): Generated {
  const { text, meta_info: meta } = readShape(sglangAnswer, answer, origin);
  const reason = meta.finish_reason?.type;
  if (reason !== "stop" && reason !== "length") {
    throw malformed(origin, `the answer ended for the reason ${JSON.stringify(reason ?? null)}`);
  }
  const token = ([logProb, , said]: z.infer<typeof entry>): NamedToken => ({ text: said ?? "", bytes: null, logProb });
  const chosen = meta.output_token_logprobs;
  if (topLogProbs !== null && !chosen) throw malformed(origin, "the answer holds no log-probabilities");
  const tokens = (chosen ?? []).map((one, i) => ({
    ...token(one),
    top: (meta.output_top_logprobs?.[i] ?? []).map(token),
  }));
  return {
    text,
    ended: reason === "stop" ? "end" : "length",
    tokens: topLogProbs === null ? null : tokens,
    usage: { input: meta.prompt_tokens ?? null, output: meta.completion_tokens ?? null },
  };
}
