/** A model behind a server that speaks the OpenAI interface. */
import { createHash } from "node:crypto";
import type {
  EmbeddingsRequest,
  Generated,
  GenerateRequest,
  Scored,
  ScoreRequest,
  ServedIdentity,
  TextCapabilities,
  TextInput,
  TextProvider,
} from "../contract.ts";
import { checkGenerate } from "../remote/checkGenerate.ts";
import { embedDistinct } from "../remote/embedDistinct.ts";
import { isRefused, missing } from "../remote/RemoteError.ts";
import type { Remember } from "../remote/RequestQueue.ts";
import { readVectors } from "../remote/readVectors.ts";
import { EmbeddingBatches } from "./EmbeddingBatches.ts";
import { FINAL_STATE, FINAL_STATE_HINT, type ServerKind } from "./finalStates.ts";
import { FROM_EMBEDDINGS, FROM_EMBEDDINGS_HINT } from "./fromEmbeddings.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import { type Dialect, drawing, responseFormat } from "./probeDialect.ts";
import type { PromptLogProbs } from "./probePromptLogProbs.ts";
import type { RawText } from "./probeRawText.ts";
import { readChat, readCompletion } from "./readAnswers.ts";
import { readPromptLogProbs, type ScoredToken } from "./readPromptLogProbs.ts";
import { scoreAfter } from "./scoreAfter.ts";

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
  readonly rawText: RawText;
  readonly promptLogProbs: PromptLogProbs;
  /** Which server it is, where the reference says so; null otherwise. */
  readonly kind: ServerKind | null;
  readonly remember: Remember;
  /** Null counts no money. */
  readonly prices: Prices | null;
}

/** No tokenizer makes more tokens than there are bytes. */
const mostTokens = (input: TextInput) =>
  Buffer.byteLength("text" in input ? input.text : input.messages.map(({ content }) => content).join(""));

function lackingOf({ capabilities, rawText, promptLogProbs, kind }: OpenAiProviderParts): string[] {
  const { generation, scores, finalStates } = capabilities;
  const started = kind === null ? "where it is one, say vllm:, sglang: or llama-server:" : FINAL_STATE_HINT[kind];
  return [
    ...(rawText.refusal === null ? [] : [`texts as they are: ${rawText.refusal.message}`]),
    ...(generation && scores !== "all" ? [`log-probabilities of given tokens: ${promptLogProbs.reason}`] : []),
    ...(finalStates === null ? [`final hidden states: ${started}`] : []),
  ];
}

export class OpenAiProvider implements TextProvider {
  readonly identity: ServedIdentity;
  readonly text: TextCapabilities;
  readonly lacking: readonly string[];
  private readonly parts: OpenAiProviderParts;
  private readonly embeddings: EmbeddingBatches;
  private readonly closing = new AbortController();

  constructor(parts: OpenAiProviderParts) {
    this.parts = parts;
    this.identity = parts.identity;
    this.text = { ...parts.capabilities, rawTopLogProbs: parts.rawText.topLogProbs };
    this.lacking = lackingOf(parts);
    this.embeddings = new EmbeddingBatches(parts.client, parts.prices);
  }

  /**
   * One answer a request. Equal requests that draw at random without a seed get an answer each within one call; where
   * answers are kept, a later call gets the same ones again, so ask for further samples with seeds.
   */
  async generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]> {
    for (const request of requests) this.check(request);
    const until = this.until(signal);
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

  /** Equal requests that draw at random without a seed get an answer each; none of these is kept. */
  async generateFrom(requests: readonly EmbeddingsRequest[], signal?: AbortSignal): Promise<Generated[]> {
    const { client, dialect, kind, remember } = this.parts;
    const { model, origin, queue } = client.options;
    const ask = kind && FROM_EMBEDDINGS[kind];
    if (!ask) throw missing(origin, `model ${JSON.stringify(model)} takes no embeddings`, "use vllm: or sglang:");
    for (const request of requests) checkGenerate(request, this.offer(this.text.rawTopLogProbs ?? 0));
    const until = this.until(signal);
    const answers = requests.map((request, copy) => () => {
      const { embeddings, ...rest } = request;
      if (request.temperature > 0 && request.seed === undefined) return ask(client, dialect, request, copy, until);
      const rows = createHash("sha256");
      for (const row of embeddings) rows.update(row);
      const key = {
        provider: this.identity,
        dialect,
        rows: rows.digest("hex"),
        width: embeddings[0]?.length,
        generateFrom: rest,
      };
      return remember(key, () => ask(client, dialect, request, 0, until));
    });
    return queue.all(answers).catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      const said = `the server refuses the embeddings: ${error.message}`;
      throw missing(origin, said, FROM_EMBEDDINGS_HINT[kind] ?? "", error);
    });
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

  /** Two requests a text, of which those for the same input are one. */
  async score(requests: readonly ScoreRequest[], signal?: AbortSignal): Promise<Scored[]> {
    const { client, remember, dialect, promptLogProbs, prices } = this.parts;
    const { how, scores } = promptLogProbs;
    if (how === null || scores === "none")
      throw this.lacks(`log-probabilities of given tokens (${promptLogProbs.reason})`);
    const until = this.until(signal);
    const asked = new Map<string, Promise<ScoredToken[]>>();
    const read = (input: TextInput) => {
      const key = { provider: this.identity, dialect, promptLogProbs: how, input };
      const name = JSON.stringify(input);
      const tokens = mostTokens(input);
      const cost = prices ? (tokens * prices.input + prices.output) / 1e6 : 0;
      const estimates = { tokens: tokens / 4 + 1, cost };
      const ask = () => readPromptLogProbs(how, client, dialect, input, until, estimates);
      const known = asked.get(name) ?? remember(key, ask);
      asked.set(name, known);
      return known;
    };
    return client.options.queue.all(
      requests.map((request) => async () => {
        if (scores === "texts" && "messages" in request.input)
          return { unscored: "the server scores no conversations" };
        return scoreAfter(request, read, client.options.origin);
      }),
    );
  }

  async finalStates(inputs: readonly TextInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { client, remember, kind } = this.parts;
    const { finalStates: width } = this.text;
    const { origin, queue } = client.options;
    if (width === null || kind === null) {
      const hint = kind === null ? "say which server it is: vllm:, sglang: or llama-server:" : FINAL_STATE_HINT[kind];
      throw missing(origin, `model ${JSON.stringify(client.options.model)} shows no hidden states`, hint);
    }
    const until = this.until(signal);
    const rows = await queue.all(
      inputs.map((input) => async () => {
        const tokens = mostTokens(input);
        const ask = async () => [...(await FINAL_STATE[kind](client, input, until, { tokens: tokens / 4 }))];
        return remember({ provider: this.identity, finalState: input }, ask);
      }),
    );
    return readVectors(rows, inputs.length, width, origin);
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
    const inputTokens = mostTokens(input);
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
    const { refusal } = this.parts.rawText;
    if (refusal !== null && "text" in request.input) throw refusal;
    const { topLogProbs, rawTopLogProbs = topLogProbs } = this.text;
    checkGenerate(request, this.offer("text" in request.input ? rawTopLogProbs : topLogProbs));
    if (request.schema !== undefined && !(this.text.schema && "messages" in request.input)) {
      throw this.lacks("answers that follow a JSON schema");
    }
    if (!this.parts.dialect.temperature && request.temperature !== 1) {
      throw this.lacks(`temperature ${request.temperature} (it only samples at 1)`);
    }
  }

  private offer(topLogProbs: number) {
    const withoutLogProbs = "choose a server that shows log-probabilities, or measure without them";
    const { reference } = this.identity;
    return { reference, origin: this.parts.client.options.origin, topLogProbs, withoutLogProbs };
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
