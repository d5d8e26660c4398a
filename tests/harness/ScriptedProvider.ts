/**
 * A provider without a model. Its state after a text is a smooth function of the text's words: the sum of a fixed
 * random vector for each content word and, smaller, for each pair of neighbours, so that it knows what is said and
 * roughly in which order; synonyms share a vector and function words hardly count. The next token's distribution is
 * the softmax of products with that state. So states, divergences and scores agree with each other, as they do in a
 * model, and everything repeats exactly.
 */
import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { STOP_WORDS } from "../../codecs/stopWords.ts";
import type {
  Capabilities,
  ModelIdentity,
  Provider,
  ReadRequest,
  ReadResult,
  Row,
  SampleRequest,
  SegmentRef,
  Tokenizer,
} from "../../providers/contract.ts";
import { refuseTooLong } from "../../providers/refuseTooLong.ts";
import { refuseUnshown, unshown } from "../../providers/refuseUnshown.ts";
import { refuseSettings } from "../../providers/sampling.ts";

const WIDTH = 32;
const LAYERS = 4;
const ORDER = 0.6;
const SHARPNESS = 1.6;
const CONTEXT_LENGTH = 400;
const SPECIAL = /(<\|[a-z]+\|>)/;
const END = "<|end|>";
const FUNCTION_WORDS: ReadonlySet<string> = new Set(STOP_WORDS);
/** What the model says: its whole output vocabulary, apart from words that it is asked to score. */
const SAID =
  "sea town farm work trade travel count gift news night plan rest coin road ship wall song rain fire dust milk rope salt wind"
    .split(" ")
    .map((word) => ` ${word}`);

/** Reversible: words with the space before them, single white space, and control tokens where they are allowed. */
export class ScriptedTokenizer implements Tokenizer {
  readonly begin: readonly number[];
  readonly finish: readonly number[] = [];
  readonly end: readonly number[];
  private readonly ids = new Map<string, number>();
  private readonly pieces: string[] = [];

  constructor({ begin = true }: { readonly begin?: boolean } = {}) {
    this.end = [this.id(END)];
    this.begin = begin ? [this.id("<|begin|>")] : [];
  }

  readonly chat: Tokenizer["chat"] = (messages) =>
    `${messages.map(({ role, content }) => `<|${role}|>${content}${END}`).join("\n")}<|assistant|>`;

  id(piece: string): number {
    const known = this.ids.get(piece);
    if (known !== undefined) return known;
    this.ids.set(piece, this.pieces.length);
    return this.pieces.push(piece) - 1;
  }

  encode(text: string, { special = false }: { readonly special?: boolean } = {}): number[] {
    const cut = (part: string) => part.match(/ ?\S+|\s/g) ?? [];
    return (special ? text.split(SPECIAL) : [text])
      .flatMap((part, i) => (i % 2 === 1 ? [part] : cut(part)))
      .map((piece) => this.id(piece));
  }

  decode(ids: readonly number[]): string {
    return ids.map((id) => this.pieces[id]).join("");
  }
}

interface State {
  readonly sum: Float64Array;
  readonly last: string;
  /** Content words so far. */
  readonly told: number;
  readonly tokens: number;
}

export interface ScriptedOptions {
  readonly reference?: string;
  readonly capabilities?: Partial<Capabilities>;
  /** Words that mean the same, by the word that they mean. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** Called with the number of rows of each request. */
  readonly onRead?: (rows: number) => void;
}

export class ScriptedProvider implements Provider {
  readonly identity: ModelIdentity;
  readonly capabilities: Capabilities;
  readonly tokenizer = new ScriptedTokenizer();
  private readonly options: ScriptedOptions;
  private readonly vectors = new Map<string, Float64Array>();
  private readonly words: string[] = [];
  private readonly said: readonly number[];
  closed = false;

  constructor(options: ScriptedOptions = {}) {
    this.options = options;
    const digest = createHash("sha256")
      .update(JSON.stringify(options.synonyms ?? {}))
      .digest("hex");
    this.capabilities = {
      hiddenStates: "all",
      attention: false,
      promptLogits: "full",
      scores: (options.capabilities?.promptLogits ?? "full") === "full",
      generation: true,
      embeddings: false,
      tokenIdsIn: true,
      ...options.capabilities,
    };
    this.identity = {
      reference: options.reference ?? "scripted",
      name: "scripted",
      architecture: "bag of words",
      digest,
      quantisation: "none",
      engine: "scripted 1",
      weights: "none",
      tokenizerDigest: "0",
      contextLength: CONTEXT_LENGTH,
      layers: LAYERS,
      width: WIDTH,
      vocabulary: SAID.length + 1,
    };
    this.said = [...SAID, END].map((piece) => this.tokenizer.id(piece));
  }

  private vector(name: string): Float64Array {
    const known = this.vectors.get(name);
    if (known) return known;
    const random = xoroshiro128plus(createHash("sha256").update(name).digest().readInt32LE());
    // A sum of three uniform variates, of variance 1: near enough to a normal one.
    const made = Float64Array.from(
      { length: WIDTH },
      () => 2 * (uniformFloat64(random) + uniformFloat64(random) + uniformFloat64(random) - 1.5),
    );
    this.vectors.set(name, made);
    return made;
  }

  private word(id: number): string {
    const known = this.words[id];
    if (known !== undefined) return known;
    const word = this.tokenizer
      .decode([id])
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, "");
    this.words[id] = word;
    return word;
  }

  private after(ids: readonly number[], from: State, each?: (before: State, id: number) => void): State {
    let state = from;
    for (const id of ids) {
      each?.(state, id);
      const word = this.word(id);
      const meaning = this.options.synonyms?.[word] ?? word;
      const tokens = state.tokens + 1;
      if (word === "" || FUNCTION_WORDS.has(word)) {
        state = { ...state, tokens };
        continue;
      }
      const [own, pair] = [this.vector(meaning), this.vector(`${state.last} ${meaning}`)];
      const weight = this.said.includes(id) ? 0.1 : 0.4;
      const sum = state.sum.map((value, k) => value + weight * ((own[k] as number) + ORDER * (pair[k] as number)));
      state = { sum, last: meaning, told: state.told + (this.said.includes(id) ? 0 : 1), tokens };
    }
    return state;
  }

  /** The sum at length 1, as a model normalises its last state. */
  private direction({ sum, told }: State): Float64Array {
    // A model that was told nothing does not say something neutral: it is somewhere else.
    const elsewhere = this.vector("nothing");
    const all = sum.map((value, k) => value + 8 * 0.5 ** told * (elsewhere[k] as number));
    const length = Math.hypot(...all);
    return all.map((value) => value / length);
  }

  /** Log-probabilities of the output vocabulary, with `asked` added to it where it is another token. */
  private distribution(state: State, asked?: number): { ids: readonly number[]; logs: number[] } {
    const direction = this.direction(state);
    const ids = asked === undefined || this.said.includes(asked) ? this.said : [...this.said, asked];
    const logits = ids.map((id) => {
      const vector = this.vector(this.word(id));
      let product = 0;
      for (let k = 0; k < WIDTH; k++) product += (direction[k] as number) * (vector[k] as number);
      return SHARPNESS * product;
    });
    const top = Math.max(...logits);
    const log = top + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - top), 0));
    return { ids, logs: logits.map((logit) => logit - log) };
  }

  private logProb(state: State, id: number): number {
    const { ids, logs } = this.distribution(state, id);
    return logs[ids.indexOf(id)] as number;
  }

  /** The state before each segment of a row, and after it. */
  private statesOf(row: Row): { start: State; end: State }[] {
    const out: { start: State; end: State }[] = [];
    for (const { ids, parent } of row) {
      const start =
        parent === null ? { sum: new Float64Array(WIDTH), last: "", told: 0, tokens: 0 } : (out[parent]?.end as State);
      const end = this.after(ids, start);
      refuseTooLong(this.identity, end.tokens);
      out.push({ start, end });
    }
    return out;
  }

  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    refuseUnshown(this.identity, this.capabilities, request);
    const { rows, states, pools, scores, comparisons, jensenShannon } = request;
    this.options.onRead?.(rows.length);
    const reached = rows.map((row) => this.statesOf(row));
    const at = ({ row, segment }: SegmentRef) => reached[row]?.[segment] as { start: State; end: State };
    const idsOf = ({ row, segment }: SegmentRef) => {
      const { ids } = rows[row]?.[segment] ?? { ids: [] };
      if (ids.length === 0) throw new Error("a segment without tokens was asked for");
      return ids;
    };
    const flat = new Float32Array((LAYERS + 1) * states.length * WIDTH);
    states.forEach((ref, place) => {
      const ids = idsOf(ref);
      const direction = this.direction(at(ref).end);
      const embedding = this.vector(this.tokenizer.decode(ids.slice(-1)));
      for (let layer = 0; layer <= LAYERS; layer++) {
        const depth = layer / LAYERS;
        flat.set(
          direction.map((value, k) => depth * value + (embedding[k] as number)),
          (layer * states.length + place) * WIDTH,
        );
      }
    });
    const along = (ref: SegmentRef) => {
      const before: State[] = [];
      this.after(idsOf(ref), at(ref).start, (state) => before.push(state));
      return before;
    };
    const scoreOf = (ref: SegmentRef) => along(ref).map((state, t) => this.logProb(state, idsOf(ref)[t] as number));
    return {
      states: flat,
      pools: pools.map((ref) => Float32Array.from(this.direction(at(ref).end), (value) => value + 1)),
      scores: scores.map(scoreOf),
      comparisons: comparisons.map((refs) => {
        const all = refs.map((ref) => along(ref).map((state) => this.distribution(state).logs));
        const [reference = []] = all;
        const logs = refs.map(scoreOf);
        const top = (values: readonly number[] = []) => values.indexOf(Math.max(...values));
        const divergence = (p: readonly number[], q: readonly number[]) =>
          p.reduce((total, log, v) => total + Math.exp(log) * (log - (q[v] as number)), 0);
        const middle = (p: readonly number[], q: readonly number[]) =>
          p.map((log, v) => Math.log((Math.exp(log) + Math.exp(q[v] as number)) / 2));
        const js = (p: readonly number[], q: readonly number[]) =>
          (divergence(p, middle(p, q)) + divergence(q, middle(p, q))) / 2;
        return {
          kl: reference.map((p, t) => all.map((q) => divergence(p, q[t] as number[]))),
          ...(jensenShannon && { js: reference.map((p, t) => all.map((q) => js(p, q[t] as number[]))) }),
          sameTop: reference.map((p, t) => all.map((q) => top(p) === top(q[t]))),
          logProb: reference.map((_, t) => logs.map((values) => values[t] as number)),
        };
      }),
    };
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    if (!this.capabilities.embeddings) throw unshown(this.identity, "sentence embeddings");
    const start: State = { sum: new Float64Array(WIDTH), last: "", told: 0, tokens: 0 };
    return texts.map((text) => Float32Array.from(this.direction(this.after(this.tokenizer.encode(text), start))));
  }

  async sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]> {
    signal?.throwIfAborted();
    if (!this.capabilities.generation) throw unshown(this.identity, "continuations");
    refuseSettings(request);
    const { prompts, samples, maxTokens, temperature } = request;
    for (const { ids } of prompts) refuseTooLong(this.identity, ids.length + maxTokens);
    const start = { sum: new Float64Array(WIDTH), last: "", told: 0, tokens: 0 };
    return prompts.map(({ ids, seed }) => {
      const random = xoroshiro128plus(seed);
      return Array.from({ length: samples }, () => {
        const out: number[] = [];
        let state = this.after(ids, start);
        while (out.length < maxTokens && !this.tokenizer.end.includes(out.at(-1) as number)) {
          const { ids: choices, logs } = this.distribution(state);
          const most = Math.max(...logs);
          const drawn = uniformFloat64(random);
          let reached = 0;
          const chosen =
            choices.find((_, v) => {
              if (temperature === 0) return logs[v] === most;
              reached += Math.exp(logs[v] as number);
              return reached > drawn;
            }) ?? (choices.at(-1) as number);
          out.push(chosen);
          state = this.after([chosen], state);
        }
        return out;
      });
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
