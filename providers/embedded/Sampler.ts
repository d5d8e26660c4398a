import type { SampleRequest, Tokenizer } from "../contract.ts";
import { refuseSettings, sampleGenerator } from "../sampling.ts";
import type { Engine } from "./Engine.ts";
import type { Exclusive } from "./Exclusive.ts";
import { floatsOf } from "./Sessions.ts";
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

  private saysOneOf(stop: readonly string[] = [], ids: readonly number[]): boolean {
    if (stop.length === 0) return false;
    const text = this.tokenizer.decode(ids);
    return stop.some((part) => text.includes(part));
  }

  private async sampleBatch(
    prompts: SampleRequest["prompts"],
    request: SampleRequest,
    signal?: AbortSignal,
  ): Promise<number[][]> {
    const { width, vocabulary } = this.engine.config;
    const cache = await this.engine.startCache();
    const prefix = await cache.append(prompts.map((prompt) => prompt.ids));
    const count = prompts.length * request.samples;
    // A generator for each sample, so that what is drawn does not depend on who shares the batch.
    const random = Array.from({ length: count }, (_, i) => {
      const prompt = prompts[Math.floor(i / request.samples)] as (typeof prompts)[number];
      return sampleGenerator(prompt.seed, i % request.samples);
    });
    const drawn: number[][] = Array.from({ length: count }, () => []);
    const ended = new Array<boolean>(count).fill(false);
    let h = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const from = Math.floor(i / request.samples) * width;
      h.set(prefix.subarray(from, from + width), i * width);
    }
    for (let step = 0; step < request.maxTokens; step++) {
      signal?.throwIfAborted();
      const outputs = await this.engine.run("logits", { h: { type: "float32", data: h, dims: [count, width] } });
      const logits = floatsOf(outputs, "logits");
      for (let i = 0; i < count; i++) {
        if (ended[i]) continue;
        const id = sampleToken(
          logits.subarray(i * vocabulary, (i + 1) * vocabulary),
          request,
          random[i] as (typeof random)[number],
        );
        const ids = drawn[i] as number[];
        ids.push(id);
        ended[i] = this.tokenizer.end.includes(id) || this.saysOneOf(request.stop, ids);
      }
      if (step + 1 === request.maxTokens || ended.every(Boolean)) break;
      h = (await cache.append(
        drawn.map((ids) => [ids[ids.length - 1] as number]),
        step === 0 ? request.samples : 1,
      )) as typeof h;
    }
    return drawn;
  }
}
