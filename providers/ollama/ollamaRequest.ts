/** What is sent to an Ollama server, so that the answer is the model's and nothing is cut. */
import type { ChatRequest, GenerateRequest as RawRequest } from "ollama";
import type { GenerateRequest } from "../contract.ts";
import type { OllamaServed } from "./ollamaModel.ts";

/** Longer than a pause between two batches; a model that stays for good would hold the machine's memory. */
const KEEP_ALIVE = "10m";

/** Fields that the server knows (0.12 and later) and its client's types do not. */
interface Uncut {
  /** false: too long an input is refused. */
  readonly truncate: false;
  /** false: an answer that fills the context ends there, instead of pushing the beginning of the input out of it. */
  readonly shift: false;
}

export type OllamaRequest =
  | { readonly kind: "chat"; readonly body: ChatRequest & { stream?: false } & Uncut }
  | { readonly kind: "generate"; readonly body: RawRequest & { stream?: false } & Uncut };

/**
 * The options override those of the model's Modelfile, because every request names all that touch the distribution.
 * Temperature 0 alone is not greedy there: a repeat penalty of 1.1 applies unless it is switched off.
 */
export function ollamaRequest(
  request: GenerateRequest,
  model: string,
  context: number,
  served: OllamaServed,
): OllamaRequest {
  const { input, maxTokens, temperature, seed, stop = [], topLogProbs = 0, schema } = request;
  const chat = "messages" in input;
  const common = {
    model,
    stream: false as const,
    keep_alive: KEEP_ALIVE,
    truncate: false as const,
    shift: false as const,
    ...(topLogProbs > 0 && { logprobs: true, top_logprobs: topLogProbs }),
    ...(schema && { format: schema }),
    options: {
      num_ctx: context,
      num_predict: maxTokens,
      temperature,
      ...(seed !== undefined && { seed }),
      top_k: 0,
      top_p: 1,
      min_p: 0,
      typical_p: 1,
      repeat_penalty: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      // A list replaces the Modelfile's, whose stop strings end the turns of a chat.
      stop: [...(chat ? served.stop : []), ...stop],
    },
  };
  if ("text" in input) return { kind: "generate", body: { ...common, prompt: input.text, raw: true } };
  const messages = input.messages.map(({ role, content }) => ({ role, content }));
  const think = served.capabilities?.includes("thinking") ? { think: false } : {};
  return { kind: "chat", body: { ...common, messages, ...think } };
}
