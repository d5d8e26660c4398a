/** Whether `/completions` continues a text as it is. */
import { missing, RemoteError } from "../remote/RemoteError.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { readCompletion } from "./readAnswers.ts";

/** No tokenizer makes more of it, a token before and one after included; a chat template adds ten and more. */
const WORD = "Hello";
const MOST_TOKENS = 7;

const NO_TEXTS: ReadonlySet<string> = new Set(["provider-not-found", "capability-missing"]);
const HINT =
  "use frames with `template: true`, which are sent as conversations, or a server that continues a text as it is";

/**
 * Ollama puts its chat template around the text, which its count of prompt tokens gives away.
 * @throws RemoteError `capability-missing` where the text would not be taken as it is; whatever the route answers.
 */
export async function probeRawText(client: OpenAiClient, signal?: AbortSignal): Promise<void> {
  const { model, origin } = client.options;
  const body = { model, prompt: WORD, max_tokens: 1, temperature: 0 };
  const read = (answer: unknown) => readCompletion(answer, null, origin);
  const { usage } = await client.post("/completions", body, { read }, signal).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || !NO_TEXTS.has(error.code)) throw error;
    // The model is there, since it was asked what it can do: it takes conversations only.
    throw missing(origin, `model ${JSON.stringify(model)} continues no texts there: ${error.message}`, HINT, error);
  });
  if (usage.input !== null && usage.input > MOST_TOKENS) {
    throw missing(
      origin,
      `the server reads ${usage.input} tokens where ${JSON.stringify(WORD)} was sent: it puts a chat template around texts`,
      HINT,
    );
  }
}
