import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import type {
  AttentionRef,
  AttentionSummary,
  Capabilities,
  Comparison,
  ModelIdentity,
  Provider,
  ReadRequest,
  ReadResult,
  SampleRequest,
  Tokenizer,
} from "../contract.ts";
import { refuseTooLong } from "../refuseTooLong.ts";
import { refuseUnshown, unshown } from "../refuseUnshown.ts";
import { refuseSettings } from "../sampling.ts";
import type { PythonWorker } from "./PythonWorker.ts";
import { samplingNumbers } from "./samplingNumbers.ts";
import { Sequences } from "./sequences.ts";
import { TensorFile } from "./tensorFile.ts";
import { answerMalformed } from "./workerErrors.ts";

const samplesSchema = z.object({ samples: z.array(z.array(z.array(z.number().int().min(0)))) });

/** What the worker says that its model lets itself be asked for. */
export interface ModelView {
  readonly heads: number;
  /** Whether tokens may stand at positions that do not simply count. */
  readonly positions: boolean;
  /** Why attention can't be shown; null where it can. */
  readonly attention: string | null;
}

/** A model that PyTorch transformers runs, in a Python process. */
export class TransformersProvider implements Provider {
  readonly capabilities: Capabilities;
  readonly identity: ModelIdentity;
  readonly tokenizer: Tokenizer;
  private readonly worker: PythonWorker;
  private readonly view: ModelView;

  constructor(identity: ModelIdentity, tokenizer: Tokenizer, worker: PythonWorker, view: ModelView) {
    this.identity = identity;
    this.tokenizer = tokenizer;
    this.worker = worker;
    this.view = view;
    this.capabilities = {
      hiddenStates: "all",
      attention: view.attention === null,
      promptLogits: "full",
      scores: true,
      generation: true,
      embeddings: false,
      tokenIdsIn: true,
    };
  }

  /**
   * Equal sequences are read once, and equal contexts compared once: their divergence is 0.
   * @throws ExpectedError `input-too-long`, `capability-missing`, `not-finite`, and those of PythonWorker
   */
  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    refuseUnshown(this.identity, this.capabilities, request);
    const sequences = new Sequences(request.rows);
    const states = request.states.map((ref) => sequences.last(ref));
    const pools = request.pools.map((ref) => sequences.span(ref));
    const scores = request.scores.map((ref) => sequences.predicted(ref));
    const comparisons = request.comparisons.map((group) => group.map((ref) => sequences.predicted(ref)));
    this.refuseUnreadable(sequences);
    const js = request.jensenShannon === true;
    const attention = request.attention && (await this.readAttention(request, request.attention, signal));

    const task = { task: "read", sequences: sequences.list, states, pools, scores, comparisons, js };
    const { file } = await this.worker.ask(task, signal);
    const tensors = new TensorFile(file, this.identity.name);
    const { width, layers } = this.identity;
    const flatPools = this.finite(tensors.floats("pools", pools.length * width), "pooled states");
    const scored = scores.reduce((sum, [, from, to]) => sum + to - from, 0);
    const flatScores = scores.length === 0 ? [] : this.finite(tensors.floats("scores", scored), "log-probabilities");
    let at = 0;
    const take = (count: number) => {
      at += count;
      return Array.from(flatScores.slice(at - count, at));
    };
    return {
      states: this.finite(tensors.floats("states", (layers + 1) * states.length * width), "hidden states"),
      pools: pools.map((_, i) => flatPools.slice(i * width, (i + 1) * width)),
      scores: scores.map(([, from, to]) => take(to - from)),
      comparisons: comparisons.map((group, index) => {
        const [, from, to] = group[0] as (typeof group)[number];
        return this.comparison(tensors, `comparison.${index}`, to - from, group.length, js);
      }),
      ...(attention && { attention }),
    };
  }

  private comparison(file: TensorFile, name: string, tokens: number, columns: number, js: boolean): Comparison {
    const rows = (part: string) => {
      const flat = this.finite(file.floats(`${name}.${part}`, tokens * columns), part);
      return Array.from({ length: tokens }, (_, row) => Array.from(flat.subarray(row * columns, (row + 1) * columns)));
    };
    return {
      kl: rows("kl"),
      sameTop: rows("same_top").map((row) => row.map((same) => same === 1)),
      logProb: rows("log_prob"),
      ...(js && { js: rows("js") }),
    };
  }

  private async readAttention(
    { rows }: ReadRequest,
    asked: readonly AttentionRef[],
    signal?: AbortSignal,
  ): Promise<AttentionSummary[]> {
    const { heads, attention: reason } = this.view;
    if (reason !== null) throw unshown(this.identity, "attention", reason);
    const sequences = new Sequences(rows);
    const references = asked.map((ref) => sequences.attention(ref));
    this.refuseUnreadable(sequences);
    const { file } = await this.worker.ask({ task: "attention", sequences: sequences.list, references }, signal);
    const tensors = new TensorFile(file, this.identity.name);
    return references.map(([, , from, to], index) => {
      const tokens = to - from;
      const layers = Array.from({ length: this.identity.layers }, (_, layer) => layer);
      const looks = heads * tokens;
      const weights = layers.map((layer) => tensors.floats(`weights.${index}.${layer}`, looks * (3 + tokens)));
      const context = layers.map((layer) => tensors.rows(`context.${index}.${layer}`, looks));
      for (const values of [...weights, ...context]) this.finite(values, "attention");
      return { heads, tokens, weights, context };
    });
  }

  embed(): Promise<Float32Array[]> {
    return Promise.reject(unshown(this.identity, "sentence embeddings", "a causal model has none"));
  }

  /** Draws with the same random numbers as the embedded engine. */
  async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    refuseSettings(request);
    for (const { ids } of request.prompts) refuseTooLong(this.identity, ids.length + request.maxTokens);
    const { samples, maxTokens, temperature, topK, topP, stop = [] } = request;
    const prompts = request.prompts.map(({ ids, seed }) => ({
      ids,
      numbers: Array.from({ length: samples }, (_, i) =>
        temperature === 0 ? [] : samplingNumbers(seed, i, maxTokens),
      ),
    }));
    const { end } = this.tokenizer;
    const task = { task: "sample", prompts, samples, maxTokens, temperature, topK, topP, end };
    const { result } = await this.worker.ask(task, signal);
    const parsed = samplesSchema.safeParse(result);
    const fits = parsed.success && parsed.data.samples.length === prompts.length;
    if (!fits || parsed.data.samples.some((list) => list.length !== samples)) {
      throw answerMalformed(this.identity.name, "its samples are not those that were asked for");
    }
    return parsed.data.samples.map((list) => list.map((ids) => this.cutAtStop(ids, stop)));
  }

  /** Up to the token that completes a stop string: samples do not depend on each other, so the rest can be drawn too. */
  private cutAtStop(ids: number[], stop: readonly string[]): number[] {
    if (stop.length === 0) return ids;
    const says = (length: number) => {
      const text = this.tokenizer.decode(ids.slice(0, length));
      return stop.some((part) => text.includes(part));
    };
    const place = ids.findIndex((_, i) => says(i + 1));
    return place < 0 ? ids : ids.slice(0, place + 1);
  }

  /** A number that is none would pass through every mean that follows. */
  private finite(values: Float32Array, what: string): Float32Array {
    if (values.every(Number.isFinite)) return values;
    throw new ExpectedError({
      code: "not-finite",
      message: `${this.identity.name} gave ${what} that are infinite or no numbers, with ${this.identity.weights}`,
      hint: "use dtype float32, or bfloat16, which reaches as far",
    });
  }

  private refuseUnreadable({ list }: Sequences): void {
    for (const { ids, positions } of list) {
      if (positions !== null && !this.view.positions)
        throw unshown(this.identity, "text at positions of its own", "it counts the tokens itself");
      refuseTooLong(this.identity, positions === null ? ids.length : Math.max(...positions) + 1);
    }
  }

  close(): Promise<void> {
    return this.worker.close();
  }
}
