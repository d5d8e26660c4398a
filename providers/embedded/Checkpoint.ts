/** A model's files as the engine reads them, whatever their format: where its weights lie, and its shape. */
import type { ModelConfig } from "./ModelConfig.ts";

export interface StoredTensor {
  readonly name: string;
  /** As ggml or safetensors spell it: `F32`, `Q4_K`, `F8_E4M3`. */
  readonly type: string;
  /** Outermost dimension first: a weight is [rows, columns]. */
  readonly shape: readonly number[];
  readonly file: string;
  /** From the start of the file, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/** A stored tensor as a weight of the graphs, and what has to be undone while it is read. */
export interface Weight extends StoredTensor {
  /** Stored [columns, rows]; `shape` is that of the file. */
  readonly transposed?: boolean;
  /** Of a transposed one, the rows that belong to this weight: [first, count]. */
  readonly part?: readonly [number, number];
  /** Stored as w − 1. */
  readonly plusOne?: boolean;
}

export interface Checkpoint {
  /** The file or folder, for messages. */
  readonly path: string;
  readonly format: "gguf" | "safetensors";
  readonly config: ModelConfig;
  /** By the names that the graphs use, which are GGUF's. */
  readonly weights: ReadonlyMap<string, Weight>;
}

/** [rows, columns] of a weight, or [length] of a vector, as the graphs see it. */
export function weightShape({ shape, transposed, part }: Weight): readonly number[] {
  if (!transposed) return shape;
  const [columns, rows] = shape as [number, number];
  return [part?.[1] ?? rows, columns];
}

/** Rows `from` … `from + count − 1` of a weight: whole rows lie together in every format. */
export function rowsOf(weight: Weight, from: number, count: number): Weight {
  if (weight.transposed) return { ...weight, part: [from, count] };
  const [rows = 1, ...rest] = weight.shape;
  const size = weight.bytes / rows;
  return { ...weight, shape: [count, ...rest], offset: weight.offset + from * size, bytes: count * size };
}

/** Matrix `index` of a stack [matrices, rows, columns]. */
export function matrixOf(weight: Weight, index: number): Weight {
  const view = rowsOf(weight, index, 1);
  return { ...view, shape: view.shape.slice(1) };
}
