/**
 * What learned codes have in common: a linear encoder to a short z for each place, entries that z is compared with, and a
 * linear decoder of the chosen entries side by side.
 *
 *   z = (x − centre) A + a,   i_p = argmin_k |z_p − E_pk|,   x̂ = [E_1i₁ … E_PiP] B + b
 */
import { numpy as np } from "@jax-js/jax";
import { type AdditiveTables, decodeTables, part, tensor } from "./additiveTables.ts";
import { lessRow, matrix } from "./matrix.ts";
import { cut, encodeParts } from "./productQuantiser.ts";
import { times } from "./products.ts";
import type { Matrix, Quantiser, Tensor, Tensors } from "./Quantiser.ts";

/**
 * The quantiser of tensors `encoder` [width, places · dim], `encoderBias`, `entries` [places, entries, dim], `decoder`
 * [places · dim, width], `decoderBias` and `centre` [width].
 */
export function linearCode(kind: string, tensors: Tensors): Quantiser {
  const entries = part(tensors, "entries", 3);
  const [places, size, dim] = entries.shape as [number, number, number];
  const centre = part(tensors, "centre", 1).data;
  const width = centre.length;
  if (part(tensors, "encoder", 2).data.length !== width * places * dim)
    throw new Error("the encoder has another width");
  let tables: AdditiveTables | null = null;
  return {
    kind,
    width,
    sizes: Array.from({ length: places }, () => size),
    nested: false,
    encode: async (vectors) => encodeParts(cut(await latents(tensors, vectors), places), entries),
    decode: (codes) => {
      tables ??= tablesOf(tensors, entries, width);
      return decodeTables(tables, codes);
    },
    tensors,
  };
}

const TENSORS = ["encoder", "encoderBias", "entries", "decoder", "decoderBias", "centre"] as const;

/** The tensors of a code out of all that its training keeps. */
export function codeTensors(state: Tensors): Tensors {
  return Object.fromEntries(TENSORS.map((name) => [name, state[name] as Tensor]));
}

/** z of each vector, [rows, places · dim]. */
export async function latents(tensors: Tensors, vectors: Matrix): Promise<Matrix> {
  const { shape, data } = tensors.encoder as Tensor;
  const [width, depth] = shape as [number, number];
  const z = await times(lessRow(vectors, (tensors.centre as Tensor).data), matrix(width, depth, data));
  const bias = (tensors.encoderBias as Tensor).data;
  return { ...z, data: z.data.map((value, i) => value + (bias[i % depth] as number)) };
}

/** The entries that codes choose, side by side: [rows, places · dim]. */
export function chosenEntries(codes: Uint16Array, { shape, data }: Tensor): Matrix {
  const [places, size, dim] = shape as [number, number, number];
  const out = matrix(codes.length / places, places * dim);
  codes.forEach((index, i) => {
    const from = ((i % places) * size + index) * dim;
    out.data.set(data.subarray(from, from + dim), i * dim);
  });
  return out;
}

/** Mean over rows of 1 − cosine, as a jax-js scalar. Consumes both. */
export function cosineLoss(decoded: np.Array, targets: np.Array): np.Array {
  const dots = np.sum(decoded.ref.mul(targets.ref), -1);
  const lengths = np
    .sqrt(np.sum(np.square(decoded), -1).add(1e-12))
    .mul(np.sqrt(np.sum(np.square(targets), -1).add(1e-12)));
  return np.mean(dots.div(lengths)).neg().add(1);
}

function tablesOf(tensors: Tensors, { shape, data }: Tensor, width: number): AdditiveTables {
  const [places, size, dim] = shape as [number, number, number];
  const decoder = part(tensors, "decoder", 2).data;
  const out = new Float32Array(places * size * width);
  for (let i = 0; i < places * size; i++)
    for (let d = 0; d < dim; d++) {
      const value = data[i * dim + d] as number;
      const from = (Math.floor(i / size) * dim + d) * width;
      for (let c = 0; c < width; c++)
        out[i * width + c] = (out[i * width + c] as number) + value * (decoder[from + c] as number);
    }
  return { places, entries: size, width, data: out, mean: part(tensors, "decoderBias", 1).data };
}

/** PyTorch's start of a linear layer: uniform within ±1/√(inputs). */
export function linearStart(
  inputs: number,
  outputs: number,
  random: { uniform(): number },
): { weight: Tensor; bias: Tensor } {
  const bound = 1 / Math.sqrt(inputs);
  const draw = (count: number) => Float32Array.from({ length: count }, () => bound * (2 * random.uniform() - 1));
  return { weight: tensor([inputs, outputs], draw(inputs * outputs)), bias: tensor([outputs], draw(outputs)) };
}
