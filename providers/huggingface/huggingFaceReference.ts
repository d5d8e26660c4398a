/** Which model of Hugging Face, and who computes: `hf-api:OWNER/MODEL[:PROVIDER][@ENDPOINT]`. */
import { INFERENCE_PROVIDERS, type InferenceProvider } from "@huggingface/inference";
import { ExpectedError } from "../../errors.ts";
import { parseServerReference, readKey, type ServerReference } from "../remote/serverReference.ts";

const HUGGING_FACE_PREFIX = "hf-api:";

const ROUTER = "https://router.huggingface.co";

export interface HuggingFaceReference extends ServerReference {
  /** A company that computes for the Hub; null for the account's first one that has the model. */
  readonly provider: InferenceProvider | null;
  /** Whether the model runs on an endpoint of one's own, at `base`. */
  readonly endpoint: boolean;
}

/** @throws ExpectedError `model-reference-malformed`. */
export function parseHuggingFaceReference(text: string): HuggingFaceReference {
  const server = parseServerReference(text, HUGGING_FACE_PREFIX, ROUTER);
  const endpoint = text.length > HUGGING_FACE_PREFIX.length + server.model.length;
  const [, model = "", suffix] = /^([^:]*)(?::(.*))?$/.exec(server.model) ?? [];
  const wrong = (reason: string, hint: string) =>
    new ExpectedError({
      code: "model-reference-malformed",
      message: `model reference ${JSON.stringify(HUGGING_FACE_PREFIX + server.model)}: ${reason}`,
      hint,
    });
  if (suffix !== undefined && endpoint) {
    throw wrong("an endpoint of one's own takes no provider", "leave out what follows the colon");
  }
  // A policy such as `:fastest` may change who computes between two requests, so it is none of them.
  const provider = suffix === undefined ? null : INFERENCE_PROVIDERS.find((name) => name === suffix);
  if (provider === undefined) {
    throw wrong(`${JSON.stringify(suffix)} is no inference provider`, `there are ${INFERENCE_PROVIDERS.join(", ")}`);
  }
  if (!endpoint && !/^[\w.-]+\/[\w.-]+$/.test(model)) {
    throw wrong("the Hub names models OWNER/MODEL", `the form is ${HUGGING_FACE_PREFIX}OWNER/MODEL[:PROVIDER]`);
  }
  return { ...server, model, provider, endpoint };
}

/**
 * The token in HF_TOKEN, for servers of Hugging Face alone: an endpoint elsewhere does not get it.
 * @throws ExpectedError `key-malformed` (without the key).
 */
export function readToken(
  env: Readonly<Record<string, string | undefined>>,
  { base }: Pick<ServerReference, "base">,
): string | null {
  const { protocol, hostname } = new URL(base);
  const theirs = /(^|\.)(huggingface\.co|huggingface\.cloud|hf\.space)$/.test(hostname);
  const token = theirs && protocol === "https:" ? readKey(env, "HF_TOKEN") : null;
  // The client would send any other key straight to the company that computes.
  if (token === null || token.startsWith("hf_")) return token;
  throw new ExpectedError({
    code: "key-malformed",
    message: "the key in HF_TOKEN is no token of Hugging Face, which begin with hf_",
    where: "HF_TOKEN",
    hint: "make one at huggingface.co/settings/tokens; for another service's key take `openai:` and its base URL",
  });
}
