/** A model behind a server that speaks the OpenAI interface. */
import type { Generated, GenerateRequest, ServedIdentity, TextCapabilities, TextProvider } from "../contract.ts";
import { checkGenerate } from "../remote/checkGenerate.ts";
import { embedDistinct } from "../remote/embedDistinct.ts";
import { missing } from "../remote/RemoteError.ts";
import type { Remember } from "../remote/RequestQueue.ts";
import { readVectors } from "../remote/readVectors.ts";
import { EmbeddingBatches } from "./EmbeddingBatches.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { type Dialect, drawing, responseFormat } from "./probeDialect.ts";
import { type PromptLogProbs, probePromptLogProbs } from "./probePromptLogProbs.ts";
import { probeRawText } from "./probeRawText.ts";
import { readChat, readCompletion } from "./readAnswers.ts";

/** Money a million tokens. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

export interface OpenAiProviderParts {
  readonly client: OpenAiClient;
  readonly identity: ServedIdentity;
  readonly capabilities: TextCapabilities;
  readonly dialect: Dialect;
  readonly remember: Remember;
  /** Null counts no money. */
  readonly prices: Prices | null;
}

/** The older interface names so many at most. */
const COMPLETION_TOP = 5;

export class OpenAiProvider implements TextProvider {
  readonly identity: ServedIdentity;
  readonly text: TextCapabilities;
  private readonly parts: OpenAiProviderParts;
  private readonly embeddings: EmbeddingBatches;
  private readonly closing = new AbortController();
  private rawText: Promise<void> | null = null;

  constructor(parts: OpenAiProviderParts) {
    this.parts = parts;
    this.identity = parts.identity;
    const { topLogProbs } = parts.capabilities;
    this.text = { ...parts.capabilities, rawTopLogProbs: Math.min(COMPLETION_TOP, topLogProbs) };
    this.embeddings = new EmbeddingBatches(parts.client, parts.prices);
  }

  /**
   * One answer a request. Equal requests that draw at random without a seed get an answer each within one call; where
   * answers are kept, a later call gets the same ones again, so ask for further samples with seeds.
   */
  async generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]> {
    for (const request of requests) this.check(request);
    const until = this.until(signal);
    if (requests.some(({ input }) => "text" in input)) await this.checkRawText(until);
    const seen = new Map<string, number>();
    const copies = requests.map((request) => {
      // Equal requests that draw at random, without a seed, want an answer each.
      if (request.temperature === 0 || request.seed !== undefined) return 0;
      const key = JSON.stringify(request);
      const copy = seen.get(key) ?? 0;
      seen.set(key, copy + 1);
      return copy;
    });
    const { client, remember } = this.parts;
    return client.options.queue.all(
      requests.map((request, index) => () => {
        const copy = copies[index] ?? 0;
        const key = { provider: this.identity, dialect: this.parts.dialect, generate: request, copy };
        return remember(key, () => this.ask(request, copy, until));
      }),
    );
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { client, remember } = this.parts;
    if (!this.text.embeddings) throw this.lacks("sentence embeddings");
    const until = this.until(signal);
    return embedDistinct(texts, async (distinct) => {
      const rows = await client.options.queue.all(
        distinct.map((text) => async () => {
          const key = { provider: this.identity, embed: text };
          return remember(key, async () => [...(await this.embeddings.embed(text, until))]);
        }),
      );
      // Kept rows may come from another day's server.
      return readVectors(rows, distinct.length, null, client.options.origin);
    });
  }

  /** Whether and how the server scores the tokens of a prompt, checked against its own greedy answer. */
  probePromptLogProbs(signal?: AbortSignal): Promise<PromptLogProbs> {
    return probePromptLogProbs(this.parts.client, this.parts.dialect, this.until(signal));
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.closing.abort();
  }

  private ask(request: GenerateRequest, copy: number, signal: AbortSignal): Promise<Generated> {
    const { client, dialect, prices } = this.parts;
    const { model, origin } = client.options;
    const { input, maxTokens, temperature, seed, stop, topLogProbs, schema } = request;
    const body = {
      model,
      ...drawing(dialect, maxTokens, temperature),
      ...(seed === undefined ? {} : { seed }),
      ...(stop === undefined || stop.length === 0 ? {} : { stop }),
      ...(schema === undefined ? {} : { response_format: responseFormat(dialect.schema ?? "json_schema", schema) }),
    };
    const sent = "text" in input ? input.text : input.messages.map(({ content }) => content).join("");
    // No tokenizer makes more tokens than there are bytes.
    const inputTokens = Buffer.byteLength(sent);
    const price = (read: number, written: number) =>
      prices ? (read * prices.input + written * prices.output) / 1e6 : 0;
    const how = {
      copy,
      tokens: inputTokens / 4 + maxTokens,
      cost: price(inputTokens, maxTokens),
      price: ({ usage }: Generated) => price(usage.input ?? inputTokens, usage.output ?? maxTokens),
    };
    const top = topLogProbs ?? null;
    if ("text" in input) {
      const { [dialect.limit]: _, ...rest } = body as Record<string, unknown>;
      const whole = { ...rest, max_tokens: maxTokens, prompt: input.text, ...(top === null ? {} : { logprobs: top }) };
      return client.post("/completions", whole, { ...how, read: (a) => readCompletion(a, top, origin) }, signal);
    }
    const asked = top === null ? {} : { logprobs: true, top_logprobs: top };
    const whole = { ...body, messages: input.messages, ...asked };
    return client.post("/chat/completions", whole, { ...how, read: (a) => readChat(a, top, origin) }, signal);
  }

  /** What is refused before anything is sent. */
  private check(request: GenerateRequest): void {
    if (!this.text.generation) throw this.lacks("generation");
    const { topLogProbs, rawTopLogProbs = topLogProbs } = this.text;
    checkGenerate(request, {
      reference: this.identity.reference,
      origin: this.parts.client.options.origin,
      topLogProbs: "text" in request.input ? rawTopLogProbs : topLogProbs,
      withoutLogProbs: "choose a server that shows log-probabilities, or measure without them",
    });
    if (request.schema !== undefined && !(this.text.schema && "messages" in request.input)) {
      throw this.lacks("answers that follow a JSON schema");
    }
    if (!this.parts.dialect.temperature && request.temperature !== 1) {
      throw this.lacks(`temperature ${request.temperature} (it only samples at 1)`);
    }
  }

  private checkRawText(signal: AbortSignal): Promise<void> {
    // A probe that broke off is made again.
    this.rawText ??= probeRawText(this.parts.client, signal).catch((error: unknown) => {
      this.rawText = null;
      throw error;
    });
    return this.rawText;
  }

  private until(signal?: AbortSignal): AbortSignal {
    return signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
  }

  private lacks(what: string) {
    const { model, origin } = this.parts.client.options;
    const hint = "choose a model or server that has it, or leave out the measures that need it";
    return missing(origin, `model ${JSON.stringify(model)} does not offer ${what}`, hint);
  }
}
