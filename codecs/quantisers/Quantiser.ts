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
  /** Vectors [rows, width] that the indices stand for; of the first `places` places only, where the code is nested. */
  decode(codes: Uint16Array, places?: number): Matrix;
  /** All that it learned. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export interface TrainingOptions {
  readonly places: number;
  /** Entries a place chooses from. */
  readonly entries: number;
  readonly seed: number;
  /** Called after each round with the mean squared error (or the loss that is minimised) on the training vectors. */
  readonly progress?: (round: number, rounds: number, loss: number) => void;
  readonly signal?: AbortSignal;
}
