/** What tests/oracles wrote, and how far a result is from it. */
import { readFileSync } from "node:fs";

const FIXTURES = new URL("../../oracles/fixtures/", import.meta.url);

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8")) as T;
}

export interface OracleTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The float32 tensors of a safetensors fixture, and integers as such. */
export function tensors(name: string): Map<string, OracleTensor> {
  const bytes = readFileSync(new URL(name, FIXTURES));
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const out = new Map<string, OracleTensor>();
  for (const [key, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (dtype !== "F32") continue;
    const [from, to] = data_offsets;
    const data = new Float32Array((to - from) / 4);
    new Uint8Array(data.buffer).set(bytes.subarray(start + from, start + to));
    out.set(key, { shape, data });
  }
  return out;
}

/** ‖actual − expected‖ / ‖expected‖; infinite where a value is no number, so that it can't pass as small. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, not ${expected.length}`);
  let difference = 0;
  let size = 0;
  expected.forEach((value, i) => {
    difference += ((actual[i] as number) - value) ** 2;
    size += value ** 2;
  });
  const error = Math.sqrt(difference / size);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** Largest |actual − expected|; infinite where a value is no number. */
export function absoluteError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, not ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}

/** Row `index` of a matrix of rows of `width`. */
export function rowOf(data: Float32Array, index: number, width: number): Float32Array {
  return data.subarray(index * width, (index + 1) * width);
}

/** Log-softmax in float64. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  const top = values.reduce((a, b) => Math.max(a, b));
  const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return values.map((value) => value - total);
}

/** Indices of the `count` largest values, largest first. */
export function mostLikely(values: Float64Array, count: number): number[] {
  const best: number[] = [];
  values.forEach((value, index) => {
    if (best.length === count && value <= (values[best[count - 1] as number] as number)) return;
    const at = best.findIndex((other) => value > (values[other] as number));
    best.splice(at < 0 ? best.length : at, 0, index);
    best.length = Math.min(best.length, count);
  });
  return best;
}
