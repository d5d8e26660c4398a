/** Sentence embeddings: texts that are wanted at about the same time go in one request, within the documented limits. */
import { z } from "zod";
import { malformed } from "../remote/RemoteError.ts";
import { readVectors } from "../remote/readVectors.ts";
import type { OpenAiClient } from "./OpenAiClient.ts";
import type { Prices } from "./OpenAiProvider.ts";
import { readShape } from "./readAnswers.ts";

/** Of OpenAI's embeddings endpoint: texts, and tokens summed over them. */
const MOST_TEXTS = 2048;
const MOST_TOKENS = 300_000;

const shape = z.looseObject({
  data: z.array(z.looseObject({ index: z.number().nullish(), embedding: z.unknown() })),
  usage: z.looseObject({ prompt_tokens: z.number().nullish() }).nullish(),
});

interface Waiting {
  readonly text: string;
  readonly signal: AbortSignal;
  readonly row: PromiseWithResolvers<Float32Array>;
}

export class EmbeddingBatches {
  private readonly client: OpenAiClient;
  private readonly prices: Prices | null;
  private waiting: Waiting[] = [];
  private width: number | null = null;

  constructor(client: OpenAiClient, prices: Prices | null) {
    this.client = client;
    this.prices = prices;
  }

  /** float32 [dimensions]. */
  embed(text: string, signal: AbortSignal): Promise<Float32Array> {
    if (this.waiting.length === 0) setImmediate(() => this.flush());
    const row = Promise.withResolvers<Float32Array>();
    this.waiting.push({ text, signal, row });
    return row.promise;
  }

  private flush(): void {
    const callers = Map.groupBy(this.waiting, ({ signal }) => signal);
    this.waiting = [];
    for (const caller of callers.values()) {
      let batch: Waiting[] = [];
      let tokens = 0;
      for (const one of caller) {
        // No tokenizer makes more tokens than there are bytes.
        const size = Buffer.byteLength(one.text);
        if (batch.length === MOST_TEXTS || (batch.length > 0 && tokens + size > MOST_TOKENS)) {
          void this.send(batch, tokens);
          batch = [];
          tokens = 0;
        }
        batch.push(one);
        tokens += size;
      }
      void this.send(batch, tokens);
    }
  }

  private async send(batch: readonly Waiting[], tokens: number): Promise<void> {
    const { model, origin } = this.client.options;
    const body = { model, input: batch.map(({ text }) => text), encoding_format: "float" };
    const price = (count: number) => ((this.prices?.input ?? 0) * count) / 1e6;
    const read = (answer: unknown) => {
      const { data, usage } = readShape(shape, answer, origin);
      const rows: unknown[] = new Array(data.length);
      const places = new Set<number>();
      for (const [at, { index, embedding }] of data.entries()) {
        const place = index ?? at;
        if (!Number.isInteger(place) || place < 0 || place >= data.length || places.has(place)) {
          throw malformed(origin, `embedding ${at} says that it is number ${place} of ${data.length}`);
        }
        places.add(place);
        rows[place] = embedding;
      }
      const vectors = readVectors(rows, batch.length, this.width, origin);
      this.width ??= vectors[0]?.length ?? null;
      return { rows: vectors, used: usage?.prompt_tokens ?? tokens };
    };
    try {
      const { rows } = await this.client.post(
        "/embeddings",
        body,
        { read, tokens: tokens / 4, cost: price(tokens), price: ({ used }) => price(used) },
        batch[0]?.signal,
      );
      for (const [index, { row }] of batch.entries()) {
        const vector = rows[index];
        if (vector) row.resolve(vector);
      }
    } catch (error) {
      for (const { row } of batch) row.reject(error);
    }
  }
}
