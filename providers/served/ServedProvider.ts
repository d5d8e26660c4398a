/**
 * A server that takes text, as a provider of the harness: the frame around the context becomes a prompt or a
 * conversation, and the most likely tokens at its first generated place are what is seen of the model's distribution.
 * No token ids go in; of states at most the last one is known.
 */
import type {
  Capabilities,
  GenerateRequest,
  ModelIdentity,
  Provider,
  ReadRequest,
  ReadResult,
  Row,
  SampleRequest,
  ScoreRequest,
  SegmentRef,
  TextInput,
  TextProvider,
} from "../contract.ts";
import { refuseUnshown, unshown } from "../refuseUnshown.ts";
import { refuseSettings, sampleGenerator } from "../sampling.ts";
import { characterTokenizer, parseInput } from "./characterTokenizer.ts";

const NO_COMPARISON = { kl: [], sameTop: [], logProb: [] };

/** One a sample; servers take whole numbers from 0 that fit 31 bits. */
const sampleSeed = (seed: number, sample: number) => (sampleGenerator(seed, sample).next() & 0x7fff_ffff) >>> 0;

/** The ids of a segment and of all that it follows; none where there is no segment. */
function lineOf(row: Row, segment: number | null): number[] {
  const parts: (readonly number[])[] = [];
  for (let at = segment; at !== null; at = row[at]?.parent ?? null) parts.unshift(row[at]?.ids ?? []);
  return parts.flat();
}

/** A method that is there wherever the capabilities say so. */
function declared<T>(answer: Promise<T> | undefined): Promise<T> {
  if (answer === undefined) throw new Error("a provider lacks the method for what it declares");
  return answer;
}

export class ServedProvider implements Provider {
  readonly tokenizer = characterTokenizer;
  readonly identity: ModelIdentity;
  readonly capabilities: Capabilities;
  readonly served: TextProvider;

  constructor(served: TextProvider) {
    const { text } = served;
    const { digest, engine, ...identity } = served.identity;
    this.served = served;
    this.identity = {
      ...identity,
      engine,
      // Whoever serves it may change the weights and say nothing.
      digest: digest ?? "",
      architecture: "",
      quantisation: "",
      weights: "the server's",
      tokenizerDigest: "",
      layers: 0,
      width: text.finalStates ?? 0,
      vocabulary: 0,
    };
    this.capabilities = {
      hiddenStates: text.finalStates === null ? "none" : "final",
      attention: false,
      promptLogits: text.generation && text.topLogProbs > 1 ? "top-k" : "none",
      scores: text.scores !== "none",
      generation: text.generation,
      embeddings: text.embeddings,
      tokenIdsIn: false,
    };
  }

  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    refuseUnshown(this.identity, this.capabilities, request);
    const { rows, nextTokens } = request;
    const segmentOf = ({ row, segment }: SegmentRef) => rows[row]?.[segment];
    const inputTo = ({ row }: SegmentRef, segment: number | null): TextInput =>
      parseInput(characterTokenizer.decode(lineOf(rows[row] as Row, segment)));
    const next = nextTokens?.map((ref): GenerateRequest => {
      const input = inputTo(ref, ref.segment);
      const { topLogProbs, rawTopLogProbs = topLogProbs } = this.served.text;
      return { input, maxTokens: 1, temperature: 0, topLogProbs: "text" in input ? rawTopLogProbs : topLogProbs };
    });
    const scored = request.scores.map((ref): ScoreRequest => {
      const { ids = [], parent = null } = segmentOf(ref) ?? {};
      return { input: inputTo(ref, parent), said: characterTokenizer.decode(ids) };
    });
    const ends = request.states.map((ref) => inputTo(ref, ref.segment));
    const [answers, scores, finals] = await Promise.all([
      next && this.served.generate(next, signal),
      scored.length > 0 ? declared(this.served.score?.(scored, signal)) : [],
      ends.length > 0 ? declared(this.served.finalStates?.(ends, signal)) : [],
    ]);
    const { width } = this.identity;
    const states = new Float32Array(ends.length * width);
    finals.forEach((state, i) => {
      states.set(state, i * width);
    });
    return {
      states,
      pools: [],
      scores,
      comparisons: request.comparisons.map(() => NO_COMPARISON),
      // A model that ends at once names no token there.
      ...(answers && { nextTokens: answers.map(({ tokens }) => tokens?.[0]?.top ?? null) }),
    };
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    if (!this.capabilities.embeddings) throw unshown(this.identity, "sentence embeddings");
    return this.served.embed(texts, signal);
  }

  /** Answers as the ids of their characters. At temperature 0 all samples of a prompt are one request. */
  async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    signal?.throwIfAborted();
    if (!this.capabilities.generation) throw unshown(this.identity, "generated text");
    refuseSettings(request);
    const { prompts, samples, maxTokens, temperature, topK, topP, stop } = request;
    if (topK !== undefined || topP !== undefined) {
      throw unshown(
        this.identity,
        "samples of its most likely tokens alone",
        "servers cut those each in their own way",
      );
    }
    const drawn = temperature === 0 ? 1 : samples;
    const requests = prompts.flatMap(({ ids, seed }) =>
      Array.from({ length: drawn }, (_, i): GenerateRequest => {
        const input = parseInput(characterTokenizer.decode(ids));
        // Without chance there is no seed, so that equal prompts are equal requests.
        const chance = temperature > 0 && { seed: sampleSeed(seed, i) };
        return { input, maxTokens, temperature, ...chance, ...(stop && { stop }) };
      }),
    );
    const answers = await this.served.generate(requests, signal);
    return prompts.map((_, p) =>
      Array.from({ length: samples }, (_, i) =>
        characterTokenizer.encode(answers[p * drawn + (i % drawn)]?.text ?? "", { special: true }),
      ),
    );
  }

  close(): Promise<void> {
    return this.served.close();
  }
}
