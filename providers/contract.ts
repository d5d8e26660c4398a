/**
 * What a provider is: something that reads token ids and shows what the model made of them. This file depends
 * on nothing; whoever measures, and whoever serves a model, meets here.
 */

/**
 * What a provider can show; asking for more is an ExpectedError `capability-missing`. The planner matches measures to
 * it before any weights load or any request is sent.
 */
export interface Capabilities {
  /** Final: after the last norm alone, as a single state. */
  readonly hiddenStates: "all" | "final" | "none";
  readonly attention: boolean;
  /** Full: comparisons along given tokens. Top-k: the most likely next tokens, named. */
  readonly promptLogits: "full" | "top-k" | "none";
  /** Log-probabilities of given tokens after what they follow. */
  readonly scores: boolean;
  /** Samples as ids of the provider's tokenizer. */
  readonly generation: boolean;
  readonly embeddings: boolean;
  readonly tokenIdsIn: boolean;
}

/** What a provider can show that only takes text: no token ids, no states. */
export interface TextCapabilities {
  readonly generation: boolean;
  /** Most likely tokens that it names at each generated place; 0 where it shows no log-probabilities. */
  readonly topLogProbs: number;
  /** The same after a text that is taken as it is, where that differs from a conversation. */
  readonly rawTopLogProbs?: number;
  /** After which inputs it scores a given text; none where it does not, or where what it tells proved wrong. */
  readonly scores: "all" | "texts" | "none";
  /** Width of the states that it shows after the last norm; null where it shows none. */
  readonly finalStates: number | null;
  readonly embeddings: boolean;
  /** Answers that follow a JSON schema. */
  readonly schema: boolean;
}

/** Which model answered, as far as whoever serves it says. */
export interface ServedIdentity {
  readonly reference: string;
  readonly name: string;
  /** Name and version of what computes, or of the server; the version is empty where it tells none. */
  readonly engine: string;
  /** sha256 of the weights, hexadecimal; null where nobody says. */
  readonly digest: string | null;
  /** Tokens; null where nobody says. */
  readonly contextLength: number | null;
}

/** Which model answered, down to the bytes. */
export interface ModelIdentity extends ServedIdentity {
  readonly architecture: string;
  /** sha256 of the weights, hexadecimal. */
  readonly digest: string;
  readonly quantisation: string;
  /** The form that the weights take in memory, and why. */
  readonly weights: string;
  readonly tokenizerDigest: string;
  /** Number of blocks; there is one state more than that (the embedding). 0 where nobody tells. */
  readonly layers: number;
  readonly width: number;
  readonly vocabulary: number;
}

export interface EncodeOptions {
  /** Special tokens in the text are recognised; otherwise they are text like any other. */
  readonly special?: boolean;
  /**
   * The text follows other text that is encoded apart, so a tokenizer that puts a dummy space before a text
   * (SentencePiece) does not. No effect on tokenizers that put none.
   */
  readonly continues?: boolean;
}

export interface Tokenizer {
  /**
   * The ids of `text` as it is; no token is added. A character that the vocabulary does not hold becomes its unknown
   * token where it has one (WordPiece, unigram): that is what the model reads.
   * @throws ExpectedError `text-unencodable` where the tokenizer would lose a part of the text without a trace.
   */
  encode(text: string, options?: EncodeOptions): number[];
  decode(ids: readonly number[]): string;
  /** What the tokenizer's configuration puts before every text; empty for many models. */
  readonly begin: readonly number[];
  /** What it puts after every text, as encoders want it; empty for decoders. */
  readonly finish: readonly number[];
  /** Tokens that end a generation. */
  readonly end: readonly number[];
  /** The conversation `messages` as the model's chat template writes it; null where the model has no template. */
  readonly chat: ((messages: readonly ChatMessage[]) => string) | null;
}

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * A stretch of tokens that follows another; it may be empty. The segments of a row form a tree: each token sees its own
 * segment up to itself, and its ancestors (an encoder's token sees the whole row). So several continuations of one
 * context are read in one go.
 */
export interface Segment {
  readonly ids: readonly number[];
  /** Index in the row of the segment that this one follows, an earlier one; null at the root. */
  readonly parent: number | null;
  /** Position id of its first token; where not given, the one after the parent's last. */
  readonly start?: number;
}
export type Row = readonly Segment[];

/** A segment of a row of the request. */
export interface SegmentRef {
  readonly row: number;
  readonly segment: number;
}

export interface ReadRequest {
  readonly rows: readonly Row[];
  /** Hidden states at the last token of these segments: of all layers, or the final one where no more is shown. */
  readonly states: readonly SegmentRef[];
  /** Mean of the final-norm states over the tokens of these segments; a segment without tokens is not allowed. */
  readonly pools: readonly SegmentRef[];
  /** Log-probability of each token of these segments, given all that it follows. */
  readonly scores: readonly SegmentRef[];
  /**
   * Next-token distributions along the same tokens after different contexts. All segments of a comparison hold
   * the same ids; the first is the reference.
   */
  readonly comparisons: readonly (readonly SegmentRef[])[];
  /** Whether comparisons also say the Jensen–Shannon divergence, which costs about a third more than the rest of them. */
  readonly jensenShannon?: boolean;
  /** Attention at the tokens of these segments: each row is read once more for it. */
  readonly attention?: readonly AttentionRef[];
  /** The most likely next tokens after these segments, from who shows no more than those (`promptLogits: "top-k"`). */
  readonly nextTokens?: readonly SegmentRef[];
}

/** A segment that follows `context`, which follows whatever stands before it. */
export interface AttentionRef extends SegmentRef {
  readonly context: number;
}

/** Where the tokens of a segment look, and what their heads take from the context; an array a layer. */
export interface AttentionSummary {
  readonly heads: number;
  readonly tokens: number;
  /**
   * Attention weights summed over bins, float32 [heads, tokens, 3 + tokens]: the row's first position, the rest of what
   * stands before the context, the context, then each token of the segment. A token's bins add up to 1.
   */
  readonly weights: readonly Float32Array[];
  /** Sum of the context's values weighted by attention, float32 [heads, tokens, head size], before the output projection. */
  readonly context: readonly Float32Array[];
}

/** For each token of the compared segments, and each segment: [tokens][segments]. */
export interface Comparison {
  /** KL(reference ‖ segment) of the distributions that predict the token, nats; 0 in the reference's column. */
  readonly kl: readonly (readonly number[])[];
  /** Whether both distributions have the same most likely token. */
  readonly sameTop: readonly (readonly boolean[])[];
  /** Log-probability of the token. */
  readonly logProb: readonly (readonly number[])[];
  /** Jensen–Shannon divergence of the two distributions, nats, 0 to ln 2; where the request asks for it. */
  readonly js?: readonly (readonly number[])[];
}

/** A text that could not be scored, and why: one sentence. */
export interface Unscored {
  readonly unscored: string;
}
/** Log-probability of each token, nats. */
export type Scored = readonly number[] | Unscored;

export interface ReadResult {
  /**
   * float32 [layers + 1, states, width]: the embedding, then the residual stream after each block; where only the final
   * state is shown, there are 0 layers, and the one state is that after the last norm.
   */
  readonly states: Float32Array;
  /** float32 [width] each. */
  readonly pools: readonly Float32Array[];
  /** Unscored only where no token ids go in. */
  readonly scores: readonly Scored[];
  readonly comparisons: readonly Comparison[];
  /** Where the request asks for it. */
  readonly attention?: readonly AttentionSummary[];
  /** Where the request asks for it; null where nothing was named. */
  readonly nextTokens?: readonly (readonly NamedToken[] | null)[];
}

export interface SampleRequest {
  readonly prompts: readonly { readonly ids: readonly number[]; readonly seed: number }[];
  readonly samples: number;
  /** Of the model's own tokens: where no token ids go in, as many of the tokenizer's ids come out as those hold. */
  readonly maxTokens: number;
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Draw from so many of the most likely tokens only. */
  readonly topK?: number;
  /** Draw from the most likely tokens that together have this probability only. */
  readonly topP?: number;
  /** A sample ends with the token that completes one of these. */
  readonly stop?: readonly string[];
}

/** A conversation, put into the model's own template; or a text, taken as it is. */
export type TextInput = { readonly messages: readonly ChatMessage[] } | { readonly text: string };

export interface GenerateRequest {
  readonly input: TextInput;
  readonly maxTokens: number;
  /** 0 takes the most likely token. */
  readonly temperature: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** How many of the most likely tokens to name at each place; at most `topLogProbs` of the capabilities. */
  readonly topLogProbs?: number;
  /** JSON schema that the answer must follow. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** The same after rows that stand where the token embeddings of a text would. */
export interface EmbeddingsRequest extends Omit<GenerateRequest, "input" | "schema"> {
  /** float32 [tokens][width], at least one. */
  readonly embeddings: readonly Float32Array[];
}

/** A text as the model would have written it right after `input`. */
export interface ScoreRequest {
  readonly input: TextInput;
  readonly said: string;
}

export interface NamedToken {
  readonly text: string;
  /** UTF-8 bytes of the token, which may be part of a character; null where the server does not say. */
  readonly bytes: readonly number[] | null;
  /** Nats. */
  readonly logProb: number;
}

export interface Generated {
  readonly text: string;
  /** Whether the model ended by itself (or at a stop string), or was cut at maxTokens. */
  readonly ended: "end" | "length";
  /** Each token with the most likely ones at its place; null where log-probabilities were not asked for. */
  readonly tokens: readonly (NamedToken & { readonly top: readonly NamedToken[] })[] | null;
  /** As the server counts; null where it does not. */
  readonly usage: { readonly input: number | null; readonly output: number | null };
}

/** A model behind a server that takes and gives text; of requests, signals and closing the same holds as of Provider. */
export interface TextProvider {
  readonly identity: ServedIdentity;
  readonly text: TextCapabilities;
  /** What it does not show, why, and what would help: a sentence each. */
  readonly lacking?: readonly string[];
  /** One answer a request. @throws ExpectedError `capability-missing`, `input-too-long` rather than cutting anything. */
  generate(requests: readonly GenerateRequest[], signal?: AbortSignal): Promise<Generated[]>;
  /**
   * One answer a request. Whether a server was started for it, only its answer tells.
   * @throws ExpectedError `capability-missing`, `generation-empty`, `embeddings-malformed`.
   */
  generateFrom?(requests: readonly EmbeddingsRequest[], signal?: AbortSignal): Promise<Generated[]>;
  /**
   * The tokens of `said` as the server cuts the joined text; unscored where one of them begins in the input. There where
   * `text.scores` is not none. @throws ExpectedError `input-too-long`.
   */
  score?(requests: readonly ScoreRequest[], signal?: AbortSignal): Promise<Scored[]>;
  /**
   * State after the last norm at each input's last token, float32 [inputs][width]. There where `text.finalStates` is not
   * null. @throws ExpectedError `input-too-long`.
   */
  finalStates?(inputs: readonly TextInput[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Sentence embeddings, float32 [texts][dimensions]. @throws ExpectedError `input-too-long`, `capability-missing`. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** A text read token by token, for whoever has to get the same numbers again when it is read another time. */
export interface Steps {
  /**
   * What the bits of its numbers hang on besides the weights: versions of engine and runtime, instruction set, threads.
   * Where this and the model's digest are the same, so are all numbers, bit for bit.
   */
  readonly kernel: string;
  /**
   * Begins with an empty text; `next` appends a token and gives the logits of the one after it, float32 [vocabulary].
   * One text at a time, samples included: others wait until `read` has ended.
   * @throws ExpectedError `input-too-long`.
   */
  follow<T>(read: (next: (id: number) => Promise<Float32Array>) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * Requests may overlap, and what is said of a row does not hang on what else is asked (but for float noise). An aborted
 * request rejects with the signal's reason. To close twice is to close once.
 */
export interface Provider {
  readonly identity: ModelIdentity;
  readonly capabilities: Capabilities;
  readonly tokenizer: Tokenizer;
  /** The server behind it, where there is one: what it is asked in words, it answers in words. */
  readonly served?: TextProvider;
  /** @throws ExpectedError `input-too-long` rather than cutting anything. */
  read(request: ReadRequest, signal?: AbortSignal): Promise<ReadResult>;
  /** Sentence embeddings, float32 [texts][dimensions]. @throws ExpectedError `input-too-long`. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /**
   * Token ids [prompts][samples][tokens], an end token included where one was drawn; the same again for the same seed.
   * Where no token ids go in, a server says neither: its samples are the text's ids, and its seed is kept as it keeps it.
   * @throws ExpectedError `sample-setting`, `input-too-long`, `capability-missing`.
   */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<number[][][]>;
  /** Not there where the model cannot be followed token by token, or not with the same numbers each time. */
  readonly steps?: Steps;
  close(): Promise<void>;
}
