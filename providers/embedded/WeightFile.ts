/**
 * Writes a model's weights in the form that the graphs use, to one file that ONNX Runtime maps into memory:
 * matrices as float32 [columns, rows], or kept in their blocks (packBlocks.ts).
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ExpectedError } from "../../errors.ts";
import { type Weight, weightShape } from "./Checkpoint.ts";
import { dequantize } from "./formats/dequantize.ts";
import { packBlocks, packingOf } from "./formats/packBlocks.ts";
import { DataType, type OnnxInitializer } from "./onnxFile.ts";
import type { LinearWeight, WeightIndex } from "./weights.ts";

export type WeightPolicy = "packed" | "float32";

/** Read at once where more is not needed: a single read cannot exceed 2 GiB. */
const CHUNK_BYTES = 256 << 20;

/** Whether the blocks of this matrix can stay as they are. */
export function isPackable(weight: Weight): boolean {
  return !weight.transposed && !weight.plusOne && packingOf(weight.type) !== null;
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = matrix[row * columns + column] as number;
  }
  return out;
}

export class WeightFile {
  private readonly initializers: OnnxInitializer[] = [];
  private readonly linear: Record<string, LinearWeight> = {};
  private offset = 0;
  private readonly sources = new Map<string, number>();
  private readonly target: number;
  private readonly file: string;
  private readonly weights: ReadonlyMap<string, Weight>;

  /** @param file the name by which graphs refer to the file; `path` is where it is written. */
  constructor(weights: ReadonlyMap<string, Weight>, path: string, file: string) {
    this.weights = weights;
    this.file = file;
    this.target = openSync(path, "w");
  }

  private weight(name: string): Weight {
    const weight = this.weights.get(name);
    if (weight === undefined) throw new Error(`weight ${name} was not planned`);
    return weight;
  }

  private read({ name, file, offset }: Weight, from: number, length: number): Uint8Array {
    let source = this.sources.get(file);
    if (source === undefined) {
      source = openSync(file, "r");
      this.sources.set(file, source);
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const got = readSync(source, bytes, done, Math.min(length - done, CHUNK_BYTES), offset + from + done);
      if (got === 0) {
        throw new ExpectedError({
          code: "model-file-cut",
          message: `the model file ended inside tensor ${name}: it shrank while it was read`,
          where: file,
          hint: "fetch the file again",
        });
      }
      done += got;
    }
    return bytes;
  }

  /** Rows of a stored tensor as float32, some at a time, so that large ones need no copy of themselves. */
  private *floats(weight: Weight): Generator<Float32Array> {
    const [rows = 1, ...rest] = weight.shape;
    const columns = rest.reduce((a, b) => a * b, 1);
    const rowBytes = weight.bytes / rows;
    const step = weight.transposed ? rows : Math.max(1, Math.floor(CHUNK_BYTES / (4 * columns)));
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      const values = dequantize(weight.type, this.read(weight, row * rowBytes, count * rowBytes), count * columns);
      if (weight.plusOne) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + 1;
      yield values;
    }
  }

  /** W as float32 [rows, columns]. */
  private whole(weight: Weight): Float32Array {
    const [rows = 1, columns = 1] = weightShape(weight);
    if (weight.transposed) {
      const [inner, outer] = weight.shape as [number, number];
      const all = transpose(this.floats(weight).next().value as Float32Array, inner, outer);
      const [from] = weight.part ?? [0];
      return all.subarray(from * columns, (from + rows) * columns);
    }
    const out = new Float32Array(rows * columns);
    let at = 0;
    for (const values of this.floats(weight)) {
      out.set(values, at);
      at += values.length;
    }
    return out;
  }

  private write(
    name: string,
    type: DataType,
    shape: readonly number[],
    parts: Iterable<Uint8Array | Float32Array>,
  ): string {
    // Offsets that are multiples of a page let the runtime map the file instead of copying it.
    const padding = (4096 - (this.offset % 4096)) % 4096;
    this.writeAll(new Uint8Array(padding));
    this.offset += padding;
    let length = 0;
    for (const part of parts) {
      this.writeAll(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      length += part.byteLength;
    }
    this.initializers.push({ name, type, shape, data: { file: this.file, offset: this.offset, length } });
    this.offset += length;
    return name;
  }

  /** A write may stop short, of a full disk for one; the next then says why. */
  private writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.target, bytes, done, Math.min(bytes.length - done, CHUNK_BYTES));
  }

  /** Adds a tensor as float32 in its own shape: norms, embeddings. */
  addPlain(name: string): void {
    const weight = this.weight(name);
    if (weight.transposed) throw new Error(`plain tensor ${name} is stored transposed`);
    this.write(name, DataType.float, weight.shape, this.floats(weight));
  }

  /** Adds a matrix for products. */
  addLinear(name: string, policy: WeightPolicy): void {
    const weight = this.weight(name);
    const [rows, columns] = weightShape(weight) as [number, number];
    if (policy === "packed" && isPackable(weight)) {
      this.linear[name] = this.packed(name, weight, rows, columns);
      return;
    }
    const values = transpose(this.whole(weight), rows, columns);
    this.linear[name] = { form: "float32", matrix: this.write(name, DataType.float, [columns, rows], [values]) };
  }

  /** Adds the matrix that makes logits; as float32 it is the embedding's own where the two are tied. */
  addHead(name: string, policy: WeightPolicy): void {
    const weight = this.weight(name);
    const [rows, columns] = weightShape(weight) as [number, number];
    if (policy === "packed" && isPackable(weight)) {
      this.linear[`${name}:head`] = this.packed(name, weight, rows, columns);
      return;
    }
    if (!this.initializers.some((item) => item.name === name)) this.addPlain(name);
    this.linear[`${name}:head`] = { form: "rows", matrix: name };
  }

  private packed(name: string, weight: Weight, rows: number, columns: number): LinearWeight {
    const packing = packingOf(weight.type);
    if (packing === null) throw new Error(`${weight.type} has no blocks`);
    const { bits, planes, block } = packing;
    const { packed, scales, correction } = packBlocks(weight.type, this.read(weight, 0, weight.bytes), rows, columns);
    const perRow = columns / block;
    const blocks = planes * perRow;
    const { float, uint8 } = DataType;
    return {
      form: "packed",
      rows,
      columns,
      bits,
      planes,
      block,
      packed: this.write(`${name}:packed`, uint8, [rows, blocks, (block * bits) / 8], [packed]),
      scales: this.write(`${name}:scales`, float, [rows * blocks], [scales]),
      correction: correction && this.write(`${name}:correction`, float, [perRow, rows], [correction]),
    };
  }

  close(): WeightIndex {
    for (const source of this.sources.values()) closeSync(source);
    closeSync(this.target);
    return { initializers: this.initializers, linear: this.linear };
  }
}
