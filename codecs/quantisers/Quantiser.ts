/**
 * What turns vectors into symbols and back. A trained quantiser is a plain value: its tensors are all that a codebook
 * file keeps, and two of equal tensors are the same code.
 */

/** Vectors by row: float32 [rows, width]. */
export interface Matrix {
  readonly rows: number;
  readonly width: number;
  readonly data: Float32Array;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Quantiser {
  /** Name of the family, as in `isoglyph train codebook --kind`. */
  readonly kind: string;
  readonly width: number;
  /** How many entries each place of a code chooses from, in order; a code costs Σ log2 of these bits. */
  readonly sizes: readonly number[];
  /** Whether the first places of a code are a coarser code by themselves. */
  readonly nested: boolean;
  /** Indices of entries, [rows, places] by row, each below `sizes` of its place. */
  encode(vectors: Matrix): Promise<Uint16Array>;
  /** Vectors [rows, width] that whole codes [rows, places] stand for; where the code is nested, by their first `places` alone. */
  decode(codes: Uint16Array, places?: number): Matrix;
  /** All that it learned. */
  readonly tensors: Tensors;
}

/** Where a training that was killed goes on: the state after a round is all that later rounds depend on. */
export interface Checkpoint {
  /** What was kept last, or null. */
  load(): { readonly round: number; readonly state: Tensors } | null;
  /** Called after each round; whether it is written is up to the keeper. */
  save(round: number, state: Tensors): void;
}

export interface TrainingOptions {
  readonly places: number;
  /** Entries a place chooses from. */
  readonly entries: number;
  readonly seed: number;
  /** Share of symbols that are replaced by any others while a learned code trains (`vq`, `entropy`); 0 to below 1. */
  readonly noise?: number;
  /** Vectors that learned codes watch to stop early; the others take no notice. */
  readonly heldOut?: Matrix;
  /** Called after each round with the mean squared error (or the loss that is minimised) on the training vectors. */
  readonly progress?: (round: number, rounds: number, loss: number) => void;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
}
