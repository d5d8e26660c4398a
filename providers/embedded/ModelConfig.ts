/** The numbers and choices that shape a model's graph, whatever file they come from. Small and JSON-safe. */

/** Rotary position embedding (Su et al. 2021, arXiv 2104.09864): pairs of a head turn by position · frequency. */
export interface Rope {
  /** How many of a head's dimensions turn, the first ones; even. */
  readonly size: number;
  /** Whether neighbours make a pair (q and k rows are then stored so), or dimension i and i + size/2. */
  readonly interleaved: boolean;
  /** Radians per position, [size / 2]. */
  readonly frequencies: readonly number[];
  /** What cosines and sines are multiplied by. */
  readonly magnitude: number;
  /** Other frequencies for sequences that reach beyond this many positions (LongRoPE). */
  readonly long: { readonly beyond: number; readonly frequencies: readonly number[] } | null;
}

export interface ModelConfig {
  /** In GGUF's terms. */
  readonly architecture: string;
  /** Whether a token sees what stands before it only (a decoder), or all of its text (an encoder). */
  readonly causal: boolean;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Width of the MLP between its two sides. */
  readonly hidden: number;
  readonly contextLength: number;
  readonly vocabulary: number;
  /** Of the norms. */
  readonly epsilon: number;
  readonly activation: "silu" | "gelu" | "gelu-tanh";
  /** What attention scores are multiplied by before softmax. */
  readonly attentionScale: number;
  /** Scores s become c·tanh(s/c). */
  readonly attentionSoftcap: number | null;
  /** The same for logits. */
  readonly finalSoftcap: number | null;
  readonly embeddingScale: number;
  /** Whether queries and keys pass a norm per head. */
  readonly queryKeyNorm: boolean;
  /** null where positions are learned. */
  readonly rope: Rope | null;
  /** Layers that see `window` tokens only, the present one included; null where there are none. */
  readonly sliding: {
    readonly window: number;
    readonly layers: readonly boolean[];
    /** Rotary positions of these layers where they differ from the rest. */
    readonly rope: Rope | null;
  } | null;
  /** Mixture of experts: which layers have one, and how a token chooses. */
  readonly experts: {
    readonly count: number;
    readonly used: number;
    readonly hidden: number;
    /** Whether the chosen experts' weights are made to sum to 1. */
    readonly normalise: boolean;
    readonly layers: readonly boolean[];
  } | null;
  /** The matrix that turns final states into logits: the embedding itself where the two are tied; null for encoders. */
  readonly output: string | null;
  /** Rows of the table of learned positions; 0 where there is none. */
  readonly positions: number;
  /** How an encoder's states become an embedding; null where the model does not say. */
  readonly pooling: "mean" | "cls" | "last" | null;
  /** Whether its embedding is scaled to length 1. */
  readonly normalize: boolean;
}

/** Sliding layers of the model see other keys, and sometimes other angles, than the rest. */
export function isSliding(config: ModelConfig, layer: number): boolean {
  return config.sliding?.layers[layer] === true;
}
