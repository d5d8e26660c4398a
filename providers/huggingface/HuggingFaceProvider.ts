import type { Generated, GenerateRequest, ServedIdentity, TextCapabilities, TextProvider } from "../contract.ts";
import { checkGenerate } from "../remote/checkGenerate.ts";
import { batchesOf, embedDistinct } from "../remote/embedDistinct.ts";
import { missing } from "../remote/RemoteError.ts";
import type { Remember, RequestQueue } from "../remote/RequestQueue.ts";
import type { HuggingFaceClient } from "./huggingFaceClient.ts";

/** text-embeddings-inference takes 32 texts a request unless it is told otherwise. 200 texts are 7 requests. */
const TEXTS_PER_REQUEST = 32;

/** What a probe found out at the start. */
export interface Offered extends TextCapabilities {
  /** Conversations, and texts as they are; `generation` is either. */
  readonly chat: boolean;
  readonly raw: boolean;
  /** Most likely tokens named at each place of a text's continuation; `topLogProbs` is of a chat. */
  readonly rawTop: number;
  /** Of an embedding; null without embeddings. */
  readonly dimensions: number | null;
  /** Whether features come one vector a token and are averaged here. */
  readonly pooled: boolean;
}

export class HuggingFaceProvider implements TextProvider {
  readonly identity: ServedIdentity;
  readonly text: TextCapabilities;
  private readonly offered: Offered;
  private readonly client: HuggingFaceClient;
  private readonly origin: string;
  private readonly queue: RequestQueue;
  private readonly remember: Remember;
  /** Numbers draws that have no seed, each of which is one of its own. */
  private draws = 0;

  constructor(
    identity: ServedIdentity,
    offered: Offered,
    client: HuggingFaceClient,
    origin: string,
    queue: RequestQueue,
    remember: Remember,
  ) {
    const { generation, topLogProbs, embeddings, schema, scores, finalStates } = offered;
    this.identity = identity;
    this.text = { generation, topLogProbs, rawTopLogProbs: offered.rawTop, scores, finalStates, embeddings, schema };
    this.offered = offered;
    this.client = client;
    this.origin = origin;
    this.queue = queue;
    this.remember = remember;
  }

  async generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]> {
    for (const request of requests) this.check(request);
    return this.queue.all(requests.map((request) => () => this.generateOne(request, signal)));
  }

  private generateOne(request: GenerateRequest, signal?: AbortSignal): Promise<Generated> {
    const repeatable = request.temperature === 0 || request.seed !== undefined;
    const key = { identity: this.identity, request, ...(repeatable ? {} : { draw: this.draws++ }) };
    const send = (fetch: typeof globalThis.fetch) =>
      "text" in request.input ? this.client.text(request, fetch) : this.client.chat(request, fetch);
    const make = () => this.queue.submit({ key, send }, signal);
    return repeatable ? this.remember(key, make) : make();
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (!this.text.embeddings) {
      const hint = "take a model for feature extraction or sentence similarity";
      throw missing(this.origin, `${this.identity.name} gives no sentence embeddings`, hint);
    }
    return embedDistinct(texts, async (distinct) => {
      const batches = batchesOf(distinct, TEXTS_PER_REQUEST);
      const rows = await this.queue.all(batches.map((batch) => () => this.embedBatch(batch, signal)));
      return rows.flat().map((row) => Float32Array.from(row));
    });
  }

  /** Plain numbers, which is what can be remembered. */
  private embedBatch(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const key = { identity: this.identity, texts: [...texts] };
    const send = async (fetch: typeof globalThis.fetch) => {
      const { vectors, pooled } = await this.client.features(texts, this.offered.dimensions, fetch);
      if (pooled !== this.offered.pooled) {
        throw missing(this.origin, "some texts have one vector, and others one a token", "ask the server's operator");
      }
      return vectors.map((vector) => [...vector]);
    };
    return this.remember(key, () => this.queue.submit({ key, send }, signal));
  }

  private check(request: GenerateRequest): void {
    const { input, schema } = request;
    const raw = "text" in input;
    const { name } = this.identity;
    if (raw ? !this.offered.raw : !this.offered.chat) {
      const hint = raw ? "put the text into a conversation" : "give it as a text";
      throw missing(this.origin, `${name} takes no ${raw ? "plain texts" : "conversations"} there`, hint);
    }
    if (schema && !this.text.schema) throw missing(this.origin, `${name} follows no JSON schema there`, "ask without");
    checkGenerate(request, {
      reference: this.identity.reference,
      origin: this.origin,
      topLogProbs: raw ? this.offered.rawTop : this.offered.topLogProbs,
      withoutLogProbs: "measure without log-probabilities",
    });
  }

  async close(): Promise<void> {
    // Nothing is held open between requests.
  }
}
