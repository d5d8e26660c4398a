import { lessRow, row } from "../quantisers/matrix.ts";
import type { Matrix, Quantiser } from "../quantisers/Quantiser.ts";
import type { HeldOutFigures } from "./Codebook.ts";

/**
 * How well vectors are decoded from their symbols. A decoded vector that has no direction counts as cosine 0.
 * @param mean of the training vectors [width].
 */
export async function heldOutFigures(
  quantiser: Quantiser,
  vectors: Matrix,
  mean: Float32Array,
): Promise<HeldOutFigures> {
  const decoded = quantiser.decode(await quantiser.encode(vectors));
  const [own, other] = [lessRow(vectors, mean), lessRow(decoded, mean)];
  let [raw, centred, error, energy] = [0, 0, 0, 0];
  for (let r = 0; r < vectors.rows; r++) {
    raw += cosine(row(vectors, r), row(decoded, r));
    const [x, y] = [row(own, r), row(other, r)];
    centred += cosine(x, y);
    x.forEach((value, i) => {
      error += (value - (y[i] as number)) ** 2;
      energy += value ** 2;
    });
  }
  const count = vectors.rows;
  return { vectors: count, cosine: raw / count, centredCosine: centred / count, errorShare: error / energy };
}

function cosine(x: Float32Array, y: Float32Array): number {
  let [dot, one, other] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    dot += (x[i] as number) * (y[i] as number);
    one += (x[i] as number) ** 2;
    other += (y[i] as number) ** 2;
  }
  return one === 0 || other === 0 ? 0 : dot / Math.sqrt(one * other);
}
