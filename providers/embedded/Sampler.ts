import type { SampleRequest, Tokenizer } from "../contract.ts";
import { refuseSettings, sampleGenerator } from "../sampling.ts";
import type { Engine } from "./Engine.ts";
import type { Exclusive } from "./Exclusive.ts";
import { sampleToken } from "./sampleToken.ts";

/** Sequences extended together. */
const SAMPLE_ROWS = 64;

/** Draws continuations with the engine's cache, batch by batch. */
export class Sampler {
  private readonly engine: Engine;
  private readonly tokenizer: Tokenizer;
  private readonly cache: Exclusive;

  /** @param cache whoever uses the engine's cache of keys and values waits here. */
  constructor(engine: Engine, tokenizer: Tokenizer, cache: Exclusive) {
    this.engine = engine;
    this.tokenizer = tokenizer;
    this.cache = cache;
  }

  /** One request after another: the engine has one cache. */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    refuseSettings(request);
    return this.cache.run(() => this.sampleAll(request, signal));
  }

  private async sampleAll(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    const out: number[][][] = request.prompts.map(() => []);
    const lengths = request.prompts.map((prompt) => prompt.ids.length);
    const perBatch = Math.max(1, Math.floor(SAMPLE_ROWS / request.samples));
    const order = lengths.map((_, i) => i).sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
    for (let from = 0; from < order.length; from += perBatch) {
      const batch = order.slice(from, from + perBatch);
      const drawn = await this.sampleBatch(
        batch.map((i) => request.prompts[i] as (typeof request.prompts)[number]),
        request,
        signal,
      );
      batch.forEach((index, i) => {
        out[index] = drawn.slice(i * request.samples, (i + 1) * request.samples);
      });
    }
    return out;
  }

  private hasEnded(ids: readonly number[], stop: readonly string[] = []): boolean {
    if (this.tokenizer.end.includes(ids.at(-1) as number)) return true;
    if (stop.length === 0) return false;
    const text = this.tokenizer.decode(ids);
    return stop.some((part) => text.includes(part));
  }

  private async sampleBatch(
    prompts: SampleRequest["prompts"],
    request: SampleRequest,
    signal?: AbortSignal,
  ): Promise<number[][]> {
    const { vocabulary } = this.engine.config;
    const cache = await this.engine.startCache();
    let logits = await cache.start(prompts.map((prompt) => prompt.ids));
    const drawn: number[][] = Array.from({ length: prompts.length * request.samples }, () => []);
    // A generator for each sample, so that what is drawn does not depend on who shares the batch.
    let going = drawn.map((ids, i) => {
      const row = Math.floor(i / request.samples);
      const { seed } = prompts[row] as (typeof prompts)[number];
      return { ids, row, random: sampleGenerator(seed, i % request.samples) };
    });
    for (let step = 1; ; step++) {
      signal?.throwIfAborted();
      for (const { ids, row, random } of going) {
        ids.push(sampleToken(logits.subarray(row * vocabulary, (row + 1) * vocabulary), request, random));
      }
      if (step === request.maxTokens) return drawn;
      going = going.filter(({ ids }) => !this.hasEnded(ids, request.stop));
      if (going.length === 0) return drawn;
      logits = await cache.append(
        going.map(({ ids }) => ids.at(-1) as number),
        going.map(({ row }) => row),
      );
      going = going.map((sample, row) => ({ ...sample, row }));
    }
  }
}
