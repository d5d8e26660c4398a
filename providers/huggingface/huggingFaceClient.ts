/** Requests to Hugging Face through its own client, which knows how each inference provider wants them. */
import {
  chatCompletion,
  featureExtraction,
  InferenceClientInputError,
  InferenceClientProviderOutputError,
  InferenceClientRoutingError,
  setLogger,
  textGeneration,
} from "@huggingface/inference";
import type { Generated, GenerateRequest } from "../contract.ts";
import { malformed, missing } from "../remote/RemoteError.ts";
import { type Features, readChat, readCompletion, readFeatures, readGeneration } from "./huggingFaceAnswers.ts";
import type { HuggingFaceReference } from "./huggingFaceReference.ts";
import type { HuggingFaceServed } from "./huggingFaceServed.ts";

/** The client writes to the console, and standard output is for data. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, log() {} };

export class HuggingFaceClient {
  private readonly server: HuggingFaceReference;
  private readonly served: HuggingFaceServed;
  private readonly token: string | null;

  constructor(server: HuggingFaceReference, served: HuggingFaceServed, token: string | null) {
    setLogger(SILENT);
    this.server = server;
    this.served = served;
    this.token = token;
  }

  async chat(request: GenerateRequest, fetch: typeof globalThis.fetch): Promise<Generated> {
    if ("text" in request.input) throw new Error("a text is no conversation");
    const { input, maxTokens, temperature, seed, stop, topLogProbs = 0, schema } = request;
    const body = {
      messages: input.messages.map(({ role, content }) => ({ role, content })),
      max_tokens: maxTokens,
      temperature,
      stream: false,
      ...(seed !== undefined && { seed }),
      ...(stop && stop.length > 0 && { stop: [...stop] }),
      ...(topLogProbs > 0 && { logprobs: true, top_logprobs: topLogProbs }),
      ...(schema && {
        response_format: { type: "json_schema" as const, json_schema: { name: "answer", schema, strict: true } },
      }),
    };
    const answer = await this.call(fetch, (options) => chatCompletion({ ...this.target(), ...body }, options));
    return readChat(answer, topLogProbs, this.server.origin);
  }

  async text(request: GenerateRequest, fetch: typeof globalThis.fetch): Promise<Generated> {
    if (!("text" in request.input)) throw new Error("a conversation is no text");
    if (this.served.generateTop > 0) return this.generate(request, request.input.text, fetch);
    const { input, maxTokens, temperature, seed, stop, topLogProbs = 0 } = request;
    const parameters = {
      max_new_tokens: maxTokens,
      temperature,
      ...(seed !== undefined && { seed }),
      ...(stop && stop.length > 0 && { stop: [...stop] }),
      ...(topLogProbs > 0 && { logprobs: topLogProbs }),
    };
    const answer = await this.call(fetch, (options) =>
      textGeneration({ ...this.target(), inputs: input.text, parameters }, options),
    );
    return readCompletion(answer, topLogProbs, this.server.origin);
  }

  /** text-generation-inference's own interface: the client asks it for completions, which name no likely tokens. */
  private async generate(
    { maxTokens, temperature, seed, stop = [], topLogProbs = 0, schema }: GenerateRequest,
    inputs: string,
    fetch: typeof globalThis.fetch,
  ): Promise<Generated> {
    const parameters = {
      max_new_tokens: maxTokens,
      // A temperature of 0 is refused there.
      ...(temperature > 0 ? { do_sample: true, temperature } : { do_sample: false }),
      ...(seed !== undefined && { seed }),
      stop,
      details: true,
      return_full_text: false,
      ...(topLogProbs > 0 && { top_n_tokens: topLogProbs }),
      ...(schema && { grammar: { type: "json", value: schema } }),
    };
    const answer = await fetch(`${this.server.base}/generate`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(this.token !== null && { Authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ inputs, parameters }),
    });
    return readGeneration(await answer.json(), topLogProbs, this.server.origin);
  }

  async features(
    texts: readonly string[],
    dimensions: number | null,
    fetch: typeof globalThis.fetch,
  ): Promise<Features> {
    const { provider } = this.served;
    // Companies speak OpenAI's form of it, which has no such field.
    const own = provider === null || provider === "hf-inference" ? { truncate: false } : {};
    const body = { ...this.target(), inputs: [...texts], ...own };
    // Its raw answer: the client takes numbers of any shape.
    let features: unknown;
    await this.call(fetch, async (options) => {
      features = await featureExtraction(body, options);
    });
    return readFeatures(features, texts.length, dimensions, this.server.origin);
  }

  private target() {
    const { provider } = this.served;
    const token = this.token === null ? {} : { accessToken: this.token };
    const { model, base } = this.server;
    return provider === null ? { ...token, model, endpointUrl: base } : { ...token, model, provider };
  }

  /**
   * The JSON that came. The client gives a part of it only, and refuses what lacks a field that it does not need; what is
   * missing here, the reader of the answer says.
   */
  private async call(
    fetch: typeof globalThis.fetch,
    send: (options: { fetch: typeof globalThis.fetch; retry_on_error: false }) => Promise<unknown>,
  ): Promise<unknown> {
    const { origin } = this.server;
    let came: Response | null = null;
    const watched: typeof globalThis.fetch = async (input, init) => {
      const answer = await fetch(input, init);
      came = answer.clone();
      return answer;
    };
    try {
      await send({ fetch: watched, retry_on_error: false });
    } catch (error) {
      if (error instanceof InferenceClientInputError || error instanceof InferenceClientRoutingError) {
        throw missing(origin, error.message, "take another inference provider, or an endpoint of your own");
      }
      if (!(error instanceof InferenceClientProviderOutputError)) throw error;
    }
    if (came === null) throw malformed(origin, "no answer came");
    return (came as Response).json();
  }
}
