import { matrix } from "./matrix.ts";
import type { Matrix, Tensor, Tensors } from "./Quantiser.ts";

/** A vector for each entry of each place, float32 [places, entries, width]: a code stands for their sum and the mean. */
export interface AdditiveTables {
  readonly places: number;
  readonly entries: number;
  readonly width: number;
  readonly data: Float32Array;
  /** Mean of the training vectors [width]. */
  readonly mean: Float32Array;
}

/** Decodes as every quantiser here does: x̂ = mean + Σ_p table_p[i_p], over the first `places`. */
export function decodeTables(tables: AdditiveTables, codes: Uint16Array, places = tables.places): Matrix {
  const { entries, width, data, mean } = tables;
  const out = matrix(codes.length / tables.places, width);
  for (let r = 0; r < out.rows; r++) {
    const at = r * width;
    out.data.set(mean, at);
    for (let p = 0; p < places; p++) {
      const index = codes[r * tables.places + p] as number;
      if (index >= entries) throw new RangeError(`index ${index} at place ${p} of ${entries} entries`);
      const from = (p * entries + index) * width;
      for (let c = 0; c < width; c++) out.data[at + c] = (out.data[at + c] as number) + (data[from + c] as number);
    }
  }
  return out;
}

export function tensor(shape: readonly number[], data: Float32Array): Tensor {
  if (shape.reduce((a, b) => a * b, 1) !== data.length) throw new Error(`${data.length} numbers are no [${shape}]`);
  return { shape, data };
}

/** A tensor that has to be there, with as many dimensions as `rank`. */
export function part(tensors: Tensors, name: string, rank: number): Tensor {
  const found = tensors[name];
  if (found === undefined || found.shape.length !== rank)
    throw new Error(`${name} is ${found === undefined ? "missing" : `[${found.shape}]`}; it takes ${rank} dimensions`);
  return found;
}
