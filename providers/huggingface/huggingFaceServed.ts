/** What the Hub, or an endpoint, says about a model before it computes. */
import type { InferenceProvider } from "@huggingface/inference";
import { z } from "zod";
import { malformed, RemoteError } from "../remote/RemoteError.ts";
import type { HuggingFaceReference } from "./huggingFaceReference.ts";

export interface HuggingFaceServed {
  readonly engine: string;
  /** Tokens. */
  readonly contextLength: number | null;
  /** Who computes; null for an endpoint of one's own. */
  readonly provider: InferenceProvider | null;
  /** What it offers; null where only a probe can tell. */
  readonly tasks: { readonly chat: boolean; readonly text: boolean; readonly features: boolean } | null;
  /** Speaks text-generation-inference's own `/generate`, whose details name likely tokens: so many. */
  readonly generateTop: number;
}

const HUB = "https://huggingface.co";
const LENGTH = z.number().int().positive();
const MAPPING = z.object({ provider: z.string(), status: z.string(), task: z.string() });
const HUB_MODEL = z.object({
  inferenceProviderMapping: z
    .union([z.array(MAPPING), z.record(z.string(), MAPPING.omit({ provider: true }))])
    .nullish(),
});
/** `/info` of text-generation-inference and text-embeddings-inference. */
const INFO = z.object({
  model_id: z.string(),
  version: z.string(),
  max_total_tokens: LENGTH.nullish(),
  max_input_length: LENGTH.nullish(),
  model_type: z.unknown().optional(),
});
/** text-generation-inference's default limit of `top_n_tokens`. */
const GENERATE_TOP = 5;

export async function askHub(
  { model, provider: wanted }: HuggingFaceReference,
  token: string,
  fetch: typeof globalThis.fetch,
): Promise<HuggingFaceServed> {
  const url = `${HUB}/api/models/${model}?expand[]=inferenceProviderMapping`;
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || error.status !== 404) throw error;
    throw new RemoteError({
      code: "provider-not-found",
      message: `the Hub knows no model ${model}`,
      where: HUB,
      hint: `check the name: huggingface.co/${model} should show it to the account of the token`,
      cause: error,
      status: 404,
    });
  });
  const answer = await response.json();
  const parsed = HUB_MODEL.safeParse(answer);
  if (!parsed.success) throw malformed(HUB, `${model}: ${z.prettifyError(parsed.error)}`);
  const mapping = parsed.data.inferenceProviderMapping ?? [];
  const offers = (
    Array.isArray(mapping) ? mapping : Object.entries(mapping).map(([provider, rest]) => ({ provider, ...rest }))
  ).filter(({ status }) => status === "live");
  const mine = offers.find(({ provider }) => wanted === null || provider === wanted);
  if (mine === undefined) {
    const names = offers.map(({ provider }) => provider).join(", ");
    throw new RemoteError({
      code: "provider-not-found",
      message: `no inference provider${wanted ? ` called ${wanted}` : ""} has ${model} live now`,
      where: HUB,
      hint: names ? `these have it: ${names}` : "give an endpoint of your own: hf-api:MODEL@https://…",
    });
  }
  return {
    engine: `Hugging Face inference, computed by ${mine.provider}`,
    contextLength: null,
    provider: mine.provider as InferenceProvider,
    tasks: {
      chat: mine.task === "conversational",
      text: mine.task === "text-generation",
      features: mine.task === "feature-extraction" || mine.task === "sentence-similarity",
    },
    generateTop: 0,
  };
}

/** Servers other than Hugging Face's own have no `/info`: what they offer, a probe has to tell. */
export async function askEndpoint(
  base: string,
  token: string | null,
  fetch: typeof globalThis.fetch,
): Promise<HuggingFaceServed> {
  const unknown = { engine: "", contextLength: null, provider: null, tasks: null, generateTop: 0 };
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${base}/info`, { headers }).then(
    (response) => response.text(),
    (error: unknown) => {
      const codes = ["provider-not-found", "provider-refused", "capability-missing"];
      if (error instanceof RemoteError && codes.includes(error.code)) return null;
      throw error;
    },
  );
  const info = INFO.safeParse(answer === null ? null : readJson(answer));
  if (!info.success) return unknown;
  const { version, max_total_tokens: total, max_input_length: input, model_type: type } = info.data;
  if (total) {
    const tasks = { chat: true, text: true, features: false };
    const engine = `text-generation-inference ${version}`;
    return { ...unknown, engine, contextLength: total, tasks, generateTop: GENERATE_TOP };
  }
  // A classifier or a reranker gives no features.
  const features = typeof type === "object" && type !== null && "embedding" in type;
  const tasks = { chat: false, text: false, features };
  return { ...unknown, engine: `text-embeddings-inference ${version}`, contextLength: input ?? null, tasks };
}

/** What is no JSON is no answer of theirs. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
