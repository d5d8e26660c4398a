import { createHash } from "node:crypto";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { SampleRequest } from "../contract.ts";
import type { Engine } from "./Engine.ts";
import { floatsOf } from "./Sessions.ts";
import { sampleToken } from "./sampleToken.ts";

/** Sequences extended together. */
const SAMPLE_ROWS = 64;

/**
 * The generator of one sample of a prompt. Its first number is nearly the seed itself, so that neighbouring seeds
 * would all draw the same first token: hence the hash.
 */
function sampleGenerator(seed: number, sample: number) {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, sample]))
    .digest();
  return xoroshiro128plus(digest.readInt32LE());
}

/** Draws continuations with the engine's cache, batch by batch. */
export class Sampler {
  private readonly engine: Engine;
  /** Tokens that end a sequence. */
  private readonly end: readonly number[];
  private sampling: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, end: readonly number[]) {
    this.engine = engine;
    this.end = end;
  }

  /** One request after another: the engine has one cache. */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    const drawn = this.sampling.then(() => this.sampleAll(request, signal));
    this.sampling = drawn.catch(() => {});
    return drawn;
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
          request.temperature,
          random[i] as (typeof random)[number],
        );
        drawn[i]?.push(id);
        ended[i] = this.end.includes(id);
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
