/** A model that an Ollama server runs. */
import { Ollama } from "ollama";
import { z } from "zod";
import type { Generated, GenerateRequest, ServedIdentity, TextCapabilities, TextProvider } from "../contract.ts";
import { checkGenerate } from "../remote/checkGenerate.ts";
import { batchesOf, embedDistinct } from "../remote/embedDistinct.ts";
import { malformed, missing } from "../remote/RemoteError.ts";
import type { Remember, RequestQueue } from "../remote/RequestQueue.ts";
import { readVectors } from "../remote/readVectors.ts";
import type { ServerReference } from "../remote/serverReference.ts";
import { readOllamaAnswer } from "./ollamaAnswer.ts";
import type { OllamaServed } from "./ollamaModel.ts";
import { ollamaRequest } from "./ollamaRequest.ts";

/** 200 texts are 4 requests; each text is read in one pass of its own. */
const TEXTS_PER_REQUEST = 64;

const EMBEDDED = z.object({ embeddings: z.unknown() });

export class OllamaProvider implements TextProvider {
  readonly identity: ServedIdentity & { readonly contextLength: number };
  readonly text: TextCapabilities;
  private readonly server: ServerReference;
  private readonly served: OllamaServed;
  private readonly queue: RequestQueue;
  private readonly remember: Remember;
  private dimensions: number | null = null;
  /** Numbers draws that have no seed, each of which is one of its own. */
  private draws = 0;

  constructor(
    identity: OllamaProvider["identity"],
    text: TextCapabilities,
    server: ServerReference,
    served: OllamaServed,
    queue: RequestQueue,
    remember: Remember,
  ) {
    this.identity = identity;
    this.text = text;
    this.server = server;
    this.served = served;
    this.queue = queue;
    this.remember = remember;
  }

  async generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]> {
    for (const request of requests) this.check(request);
    return this.queue.all(requests.map((request) => () => this.generateOne(request, signal)));
  }

  private async generateOne(request: GenerateRequest, signal?: AbortSignal): Promise<Generated> {
    const { origin } = this.server;
    const { kind, body } = ollamaRequest(request, this.server.model, this.identity.contextLength, this.served);
    const repeatable = request.temperature === 0 || request.seed !== undefined;
    const key = { identity: this.identity, kind, body, ...(repeatable ? {} : { draw: this.draws++ }) };
    const send = async (fetch: typeof globalThis.fetch) => {
      // The client writes into the request that it is given.
      const client = new Ollama({ host: this.server.base, fetch });
      const answer = kind === "chat" ? await client.chat({ ...body }) : await client.generate({ ...body });
      return readOllamaAnswer(answer, kind, request, origin);
    };
    const make = () => this.queue.submit({ key, send }, signal);
    return repeatable ? this.remember(key, make) : make();
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { origin, model } = this.server;
    if (!this.text.embeddings) {
      const hint = "take a model that `ollama show` lists with the capability `embedding`, such as all-minilm";
      throw missing(origin, `${model} gives no sentence embeddings`, hint);
    }
    return embedDistinct(texts, async (distinct) => {
      const batches = batchesOf(distinct, TEXTS_PER_REQUEST);
      const rows = await this.queue.all(batches.map((batch) => () => this.embedBatch(batch, signal)));
      return rows.flat().map((row) => this.checked(row));
    });
  }

  /** Plain numbers, which is what can be remembered. */
  private embedBatch(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const { origin, model, base } = this.server;
    const options = { num_ctx: this.identity.contextLength };
    const body = { model, input: [...texts], truncate: false, keep_alive: "10m", options };
    const key = { identity: this.identity, kind: "embed", body };
    const send = async (fetch: typeof globalThis.fetch) => {
      const answer = EMBEDDED.safeParse(await new Ollama({ host: base, fetch }).embed(body));
      if (!answer.success) throw malformed(origin, `/api/embed: ${z.prettifyError(answer.error)}`);
      return readVectors(answer.data.embeddings, texts.length, this.dimensions, origin).map((row) => [...row]);
    };
    return this.remember(key, () => this.queue.submit({ key, send }, signal));
  }

  private checked(row: readonly number[]): Float32Array {
    const [vector] = readVectors([row], 1, this.dimensions, this.server.origin);
    if (vector === undefined) throw new Error("one row is one vector");
    this.dimensions ??= vector.length;
    return vector;
  }

  /** What the server would do something else for than what was asked. */
  private check(request: GenerateRequest): void {
    const { origin, model } = this.server;
    if (!this.text.generation) throw missing(origin, `${model} generates no text`, "take a model that does");
    if (request.schema && !this.text.schema)
      throw missing(origin, "the server follows no JSON schema", "update Ollama");
    checkGenerate(request, {
      reference: this.identity.reference,
      origin,
      topLogProbs: this.text.topLogProbs,
      withoutLogProbs: "log-probabilities need Ollama 0.12.11 or newer",
    });
  }

  async close(): Promise<void> {
    // The server keeps the model for the next one who asks, as long as keep_alive says.
  }
}
