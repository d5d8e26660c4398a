/** Whether `/completions` continues a text as it is, and how many likely tokens it names there. */
import { isRefused, missing, type RemoteError } from "../remote/RemoteError.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { readCompletion } from "./readAnswers.ts";

export interface RawText {
  /** Most likely tokens that it names at each place. */
  readonly topLogProbs: number;
  /** Why texts are not taken as they are; null where they are. */
  readonly refusal: RemoteError | null;
}

/** No tokenizer makes more of it, a token before and one after included; a chat template adds ten and more. */
const WORD = "Hello";
const MOST_TOKENS = 7;
/** OpenAI gives 5 at most, others 20; what asks for more than is given may be refused. */
const TOPS = [20, 5, null];

const HINT =
  "use frames with `template: true`, which are sent as conversations, or a server that continues a text as it is";

/** Ollama puts its chat template around the text, which its count of prompt tokens gives away. */
export async function probeRawText(client: OpenAiClient, signal?: AbortSignal): Promise<RawText> {
  const { model, origin } = client.options;
  let refusal: RemoteError | null = null;
  for (const top of TOPS) {
    const body = { model, prompt: WORD, max_tokens: 1, temperature: 0, ...(top !== null && { logprobs: top }) };
    try {
      const read = (answer: unknown) => readCompletion(answer, top, origin);
      const { usage, tokens } = await client.post("/completions", body, { read }, signal);
      if (usage.input !== null && usage.input > MOST_TOKENS) {
        const sent = `the server reads ${usage.input} tokens where ${JSON.stringify(WORD)} was sent`;
        return { topLogProbs: 0, refusal: missing(origin, `${sent}: it puts a chat template around texts`, HINT) };
      }
      return { topLogProbs: tokens?.[0]?.top.length ?? 0, refusal: null };
    } catch (error) {
      if (!isRefused(error)) throw error;
      refusal = error;
      if (error.code === "provider-not-found") break;
    }
  }
  // The model is there, since it was asked what it can do: it takes conversations only.
  const what = `model ${JSON.stringify(model)} continues no texts there: ${refusal?.message}`;
  return { topLogProbs: 0, refusal: missing(origin, what, HINT, refusal) };
}
