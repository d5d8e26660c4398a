/**
 * Writes a model's weights in the form that the graphs use, to one file that ONNX Runtime maps into memory:
 * matrices as float32 [columns, rows], or kept in their 4-bit blocks.
 *
 * A 4-bit block of GGUF holds elements 0–15 in its low nibbles and 16–31 in the high ones; MatMulNBits wants
 * consecutive pairs, and a zero point other than its default of 8 switches its fast path off. So a block with
 * a minimum (Q4_1: w = d·q + m) is stored as d·(q − 8), and C = m + 8d per block and row goes to a correction
 * matrix: x·Wᵀ = MatMulNBits(x) + s·C, with s the sums of x over blocks of 32.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ExpectedError } from "../../errors.ts";
import { dequantize, half } from "./dequantize.ts";
import type { Gguf, GgufTensor } from "./gguf.ts";
import type { Graph, Value } from "./graph.ts";
import { DataType, type OnnxInitializer } from "./onnxFile.ts";

export type WeightPolicy = "packed" | "float32";

/** A matrix as the graphs see it: x·Wᵀ for W of [rows, columns]. */
export type LinearWeight =
  | { readonly form: "float32"; readonly matrix: string }
  | {
      readonly form: "packed";
      readonly rows: number;
      readonly columns: number;
      readonly packed: string;
      readonly scales: string;
      readonly correction: string | null;
    };

/** What lies in the weights file; small and JSON-safe, so that it is stored beside the file. */
export interface WeightIndex {
  readonly initializers: readonly OnnxInitializer[];
  readonly linear: Readonly<Record<string, LinearWeight>>;
}

const BLOCK = 32;
const HEADER = { Q4_0: 2, Q4_1: 4 } as const;

/** Whether blocks of this type can stay packed. */
export function isPackable(type: string): type is keyof typeof HEADER {
  return type in HEADER;
}

interface PackedBlocks {
  packed: Uint8Array;
  scales: Float32Array;
  /** [blocks per row, rows], or null where the blocks have no minimum. */
  correction: Float32Array | null;
}

/** Repacks the 4-bit blocks of a matrix [rows, columns]. */
export function packBlocks(type: keyof typeof HEADER, bytes: Uint8Array, rows: number, columns: number): PackedBlocks {
  const perRow = columns / BLOCK;
  const header = HEADER[type];
  const packed = new Uint8Array(rows * perRow * 16);
  const scales = new Float32Array(rows * perRow);
  const correction = type === "Q4_1" ? new Float32Array(rows * perRow) : null;
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < perRow; b++) {
      const block = row * perRow + b;
      const from = block * (header + 16);
      const d = half(bytes, from);
      scales[block] = d;
      if (correction) correction[b * rows + row] = half(bytes, from + 2) + 8 * d;
      for (let i = 0; i < 8; i++) {
        const first = bytes[from + header + 2 * i] as number;
        const second = bytes[from + header + 2 * i + 1] as number;
        packed[block * 16 + i] = (first & 15) | ((second & 15) << 4);
        packed[block * 16 + 8 + i] = (first >> 4) | (second & 0xf0);
      }
    }
  }
  return { packed, scales, correction };
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
  private readonly gguf: Gguf;
  private readonly source: number;
  private readonly target: number;
  private readonly file: string;

  /** @param file the name by which graphs refer to the file; `path` is where it is written. */
  constructor(gguf: Gguf, path: string, file: string) {
    this.gguf = gguf;
    this.file = file;
    this.source = openSync(gguf.path, "r");
    this.target = openSync(path, "w");
  }

  private tensor(name: string): GgufTensor {
    const tensor = this.gguf.tensors.get(name);
    if (tensor === undefined) {
      throw new ExpectedError({
        code: "gguf-tensor-missing",
        message: `the model file has no tensor ${name}`,
        where: this.gguf.path,
        hint: "the file is incomplete or of another architecture than it says; fetch or convert it again",
      });
    }
    return tensor;
  }

  private read(tensor: GgufTensor): Uint8Array {
    const bytes = new Uint8Array(tensor.bytes);
    for (let done = 0; done < bytes.length; ) {
      const got = readSync(this.source, bytes, done, bytes.length - done, tensor.offset + done);
      if (got === 0) {
        throw new ExpectedError({
          code: "gguf-malformed",
          message: `the model file ended inside tensor ${tensor.name}: it shrank while it was read`,
          where: this.gguf.path,
          hint: "fetch the file again",
        });
      }
      done += got;
    }
    return bytes;
  }

  private write(name: string, type: DataType, shape: readonly number[], data: Uint8Array | Float32Array): string {
    // Offsets that are multiples of a page let the runtime map the file instead of copying it.
    const padding = (4096 - (this.offset % 4096)) % 4096;
    this.writeAll(new Uint8Array(padding));
    this.offset += padding;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.writeAll(bytes);
    this.initializers.push({ name, type, shape, data: { file: this.file, offset: this.offset, length: bytes.length } });
    this.offset += bytes.length;
    return name;
  }

  /** A write may stop short, of a full disk for one; the next then says why. */
  private writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.target, bytes, done);
  }

  /** Adds a tensor as float32 in its own shape: norms, embeddings. */
  addPlain(name: string): void {
    const tensor = this.tensor(name);
    const elements = tensor.shape.reduce((a, b) => a * b, 1);
    this.write(name, DataType.float, tensor.shape, dequantize(tensor.type, this.read(tensor), elements));
  }

  addLinear(name: string, policy: WeightPolicy): void {
    const tensor = this.tensor(name);
    const [rows, columns] = tensor.shape as [number, number];
    if (policy === "packed" && isPackable(tensor.type)) {
      const { packed, scales, correction } = packBlocks(tensor.type, this.read(tensor), rows, columns);
      const perRow = columns / BLOCK;
      this.linear[name] = {
        form: "packed",
        rows,
        columns,
        packed: this.write(`${name}:packed`, DataType.uint8, [rows, perRow, 16], packed),
        scales: this.write(`${name}:scales`, DataType.float, [rows * perRow], scales),
        correction: correction && this.write(`${name}:correction`, DataType.float, [perRow, rows], correction),
      };
      return;
    }
    const values = dequantize(tensor.type, this.read(tensor), rows * columns);
    const matrix = this.write(name, DataType.float, [columns, rows], transpose(values, rows, columns));
    this.linear[name] = { form: "float32", matrix };
  }

  close(): WeightIndex {
    closeSync(this.source);
    closeSync(this.target);
    return { initializers: this.initializers, linear: this.linear };
  }
}

/** Makes weights known to a graph as they are first used. */
export class GraphWeights {
  private readonly byName: Map<string, OnnxInitializer>;
  private readonly blockSums = new Map<Value, Value>();
  private readonly graph: Graph;
  private readonly index: WeightIndex;

  constructor(graph: Graph, index: WeightIndex) {
    this.graph = graph;
    this.index = index;
    this.byName = new Map(index.initializers.map((item) => [item.name, item]));
  }

  plain(name: string): Value {
    const item = this.byName.get(name);
    if (item === undefined) throw new Error(`weight ${name} was not prepared`);
    return this.graph.initializer(item);
  }

  /** x [.., columns] · Wᵀ -> [.., rows]. */
  linear(x: Value, weight: string, name: Value): Value {
    const entry = this.index.linear[weight];
    if (entry === undefined) throw new Error(`matrix ${weight} was not prepared`);
    if (entry.form === "float32") return this.graph.matMul(x, this.plain(entry.matrix), name);
    const { packed, scales, correction, rows, columns } = entry;
    const product = this.graph.matMul4Bit(
      x,
      this.plain(packed),
      this.plain(scales),
      rows,
      columns,
      correction ? `${name}:product` : name,
    );
    if (correction === null) return product;
    const sums = this.sumsOverBlocks(x, columns);
    return this.graph.add(product, this.graph.matMul(sums, this.plain(correction), `${name}:minimum`), name);
  }

  /** Sums of x over blocks of 32, computed once for all matrices that read the same x. */
  private sumsOverBlocks(x: Value, columns: number): Value {
    const known = this.blockSums.get(x);
    if (known !== undefined) return known;
    const blocks = this.graph.reshape(x, [0, 0, columns / BLOCK, BLOCK], `${x}:blocks`);
    const sums = this.graph.sum(blocks, `${x}:sums`);
    this.blockSums.set(x, sums);
    return sums;
  }
}
