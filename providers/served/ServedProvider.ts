/**
 * A server that takes text, as a provider of the harness: the frame around the context becomes a prompt or a
 * conversation, and the most likely tokens at its first generated place are what is seen of the model's distribution.
 * Nothing here is known of states, and no token ids go in.
 */
import type {
  Capabilities,
  GenerateRequest,
  ModelIdentity,
  Provider,
  ReadRequest,
  ReadResult,
  Row,
  TextProvider,
} from "../contract.ts";
import { refuseUnshown, unshown } from "../refuseUnshown.ts";
import { characterTokenizer, parseInput } from "./characterTokenizer.ts";

const NO_COMPARISON = { kl: [], sameTop: [], logProb: [] };

/** The ids of a segment and of all that it follows. */
function lineOf(row: Row, segment: number): number[] {
  const parts: (readonly number[])[] = [];
  for (let at: number | null = segment; at !== null; at = row[at]?.parent ?? null) parts.unshift(row[at]?.ids ?? []);
  return parts.flat();
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
      width: 0,
      vocabulary: 0,
    };
    this.capabilities = {
      hiddenStates: "none",
      attention: false,
      promptLogits: text.generation && text.topLogProbs > 1 ? "top-k" : "none",
      generation: false,
      embeddings: text.embeddings,
      tokenIdsIn: false,
    };
  }

  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    refuseUnshown(this.identity, this.capabilities, request);
    const { nextTokens, comparisons } = request;
    const none = {
      states: new Float32Array(0),
      pools: [],
      scores: [],
      comparisons: comparisons.map(() => NO_COMPARISON),
    };
    if (nextTokens === undefined) return none;
    const requests = nextTokens.map(({ row, segment }): GenerateRequest => {
      const input = parseInput(characterTokenizer.decode(lineOf(request.rows[row] as Row, segment)));
      const { topLogProbs, rawTopLogProbs = topLogProbs } = this.served.text;
      return { input, maxTokens: 1, temperature: 0, topLogProbs: "text" in input ? rawTopLogProbs : topLogProbs };
    });
    const answers = await this.served.generate(requests, signal);
    // A model that ends at once names no token there.
    return { ...none, nextTokens: answers.map(({ tokens }) => tokens?.[0]?.top ?? null) };
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    if (!this.capabilities.embeddings) throw unshown(this.identity, "sentence embeddings");
    return this.served.embed(texts, signal);
  }

  sample(): Promise<number[][][]> {
    return Promise.reject(unshown(this.identity, "samples as token ids"));
  }

  close(): Promise<void> {
    return this.served.close();
  }
}
