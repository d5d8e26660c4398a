/** Packed blocks against the reference dequantiser (tests/oracles/quants.py), on paper and in ONNX Runtime. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import {
  type PackedBlocks,
  type Packing,
  packBlocks,
  packingOf,
} from "../../../providers/embedded/formats/packBlocks.ts";
import {
  DataType,
  encodeOnnxModel,
  type OnnxInitializer,
  type OnnxNode,
} from "../../../providers/embedded/onnxFile.ts";
import { relativeError } from "./oracle.ts";
import { quantCase } from "./quantCases.ts";

const PACKINGS: Readonly<Record<string, Packing>> = {
  Q4_0: { bits: 4, planes: 1, block: 32, correction: false },
  Q4_1: { bits: 4, planes: 1, block: 32, correction: true },
  Q4_K: { bits: 4, planes: 1, block: 32, correction: true },
  Q3_K: { bits: 4, planes: 1, block: 16, correction: false },
  Q2_K: { bits: 4, planes: 1, block: 16, correction: true },
  Q5_0: { bits: 4, planes: 2, block: 32, correction: false },
  IQ4_NL: { bits: 4, planes: 2, block: 32, correction: false },
  IQ4_XS: { bits: 4, planes: 2, block: 32, correction: false },
  Q5_1: { bits: 4, planes: 2, block: 32, correction: true },
  Q5_K: { bits: 4, planes: 2, block: 32, correction: true },
  Q8_0: { bits: 4, planes: 2, block: 32, correction: true },
  Q6_K: { bits: 4, planes: 2, block: 16, correction: false },
};
const TYPES = Object.keys(PACKINGS);
const packing = (type: string) => PACKINGS[type] as Packing;

/** The matrix that MatMulNBits and the correction multiply by: pairs of neighbours in a byte, zero point 8. */
function unpack({ planes, block }: Packing, blocks: PackedBlocks, rows: number, columns: number): Float32Array {
  const perRow = columns / block;
  const { packed, scales, correction } = blocks;
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const inRow = Math.floor(column / block);
    let value = correction === null ? 0 : (correction[inRow * rows + row] as number);
    for (let plane = 0; plane < planes; plane++) {
      const index = (row * planes + plane) * perRow + inRow;
      const pair = packed[(index * block) / 2 + ((column % block) >> 1)] as number;
      value += (scales[index] as number) * ((column % 2 === 0 ? pair & 15 : pair >> 4) - 8);
    }
    return value;
  });
}

function worstRow(actual: Float32Array, expected: Float32Array, columns: number): number {
  let worst = 0;
  for (let from = 0; from < expected.length; from += columns) {
    const [row, wanted] = [actual.subarray(from, from + columns), expected.subarray(from, from + columns)];
    // Blocks whose scale is 0 may fill a whole row.
    if (wanted.every((value) => value === 0)) expect(row.every((value) => value === 0)).toBe(true);
    else worst = Math.max(worst, relativeError(row, wanted));
  }
  return worst;
}

describe("packBlocks", () => {
  it.each(TYPES)("%s keeps a matrix of any shape", (type) => {
    expect(packingOf(type)).toEqual(packing(type));
    const { bytes, values, blockElements } = quantCase(type);
    const blocks = values.length / blockElements;
    for (const perRow of [1, 2, 4, blocks]) {
      const [rows, columns] = [blocks / perRow, perRow * blockElements];
      const packed = packBlocks(type, bytes, rows, columns);
      expect(packed.correction !== null).toBe(packing(type).correction);
      const actual = unpack(packing(type), packed, rows, columns);
      // C = m + center·d rounds where d·q + m does not; without a correction nothing does.
      expect(worstRow(actual, values, columns)).toBeLessThanOrEqual(packing(type).correction ? 1e-6 : 0);
    }
  });

  it("reaches every integer of Q8_0", () => {
    // Scale 1 is 0x3c00; the elements of the eight blocks are 0, 1, …, 255, so as int8 0 … 127, −128 … −1.
    const bytes = new Uint8Array(8 * 34);
    for (let i = 0; i < 256; i++) bytes[Math.floor(i / 32) * 34 + 2 + (i % 32)] = i;
    for (let block = 0; block < 8; block++) bytes[block * 34 + 1] = 0x3c;
    const blocks = packBlocks("Q8_0", bytes, 1, 256);
    const expected = Float32Array.from({ length: 256 }, (_, i) => (i < 128 ? i : i - 256));
    expect(unpack(packing("Q8_0"), blocks, 1, 256)).toEqual(expected);
  });

  it.each(["F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "IQ2_XXS"])("is not for %s", (type) => {
    expect(packingOf(type)).toBeNull();
    expect(() => packBlocks(type, new Uint8Array(64), 1, 32)).toThrow(type);
  });

  it("does not read beyond a matrix, or across its rows", () => {
    const { bytes } = quantCase("Q4_K");
    expect(() => packBlocks("Q4_K", bytes, 12, 512)).toThrow("12 × 512");
    expect(() => packBlocks("Q4_K", bytes, 24, 128)).toThrow("24 × 128");
  });
});

function constant(name: string, type: DataType, shape: number[], data: ArrayBufferView): OnnxInitializer {
  return { name, type, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** x · Wᵀ of packed blocks as the engine's graphs compute it; x is [tokens, columns]. */
async function product(type: string, blocks: PackedBlocks, x: Float32Array, rows: number, columns: number) {
  const { bits, planes, block } = packing(type);
  const { packed, scales, correction } = blocks;
  const perRow = columns / block;
  const { float, uint8, int64 } = DataType;
  const initializers = [
    constant("packed", uint8, [rows, planes * perRow, block / 2], packed),
    constant("scales", float, [rows * planes * perRow], scales),
  ];
  const nodes: OnnxNode[] = [];
  if (planes === 2) nodes.push({ op: "Concat", inputs: ["x", "x"], outputs: ["x twice"], attributes: { axis: -1 } });
  nodes.push({
    op: "MatMulNBits",
    domain: "com.microsoft",
    inputs: [planes === 2 ? "x twice" : "x", "packed", "scales"],
    outputs: [correction ? "product" : "y"],
    attributes: { K: planes * columns, N: rows, bits, block_size: block, accuracy_level: 0 },
  });
  if (correction) {
    initializers.push(
      constant("correction", float, [perRow, rows], correction),
      constant("in blocks", int64, [4], BigInt64Array.of(0n, 0n, BigInt(perRow), BigInt(block))),
      constant("last", int64, [1], BigInt64Array.of(-1n)),
    );
    nodes.push(
      { op: "Reshape", inputs: ["x", "in blocks"], outputs: ["x in blocks"] },
      { op: "ReduceSum", inputs: ["x in blocks", "last"], outputs: ["sums"], attributes: { keepdims: 0 } },
      { op: "MatMul", inputs: ["sums", "correction"], outputs: ["minimum"] },
      { op: "Add", inputs: ["product", "minimum"], outputs: ["y"] },
    );
  }
  const inputs = [{ name: "x", type: float, shape: [1, "tokens", columns] }];
  const outputs = [{ name: "y", type: float, shape: [1, "tokens", rows] }];
  const model = encodeOnnxModel({ inputs, outputs, initializers, nodes });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const { y } = await session.run({ x: new Tensor("float32", x, [1, x.length / columns, columns]) });
  await session.release();
  return (y as Tensor).data as Float32Array;
}

describe("packed blocks in ONNX Runtime", () => {
  // A single token and several take different kernels.
  it.each(TYPES.flatMap((type) => [1, 5].map((tokens) => [type, tokens] as const)))(
    "%s, %d tokens",
    async (...args) => {
      const [type, tokens] = args;
      const { bytes, values, blockElements, blockBytes } = quantCase(type);
      const blocks = values.length / blockElements / 2;
      const columns = blockElements === 256 ? 512 : 128;
      const rows = (blocks * blockElements) / columns;
      const usual = new Uint8Array(blocks * blockBytes);
      const weights = new Float32Array(blocks * blockElements);
      for (let i = 0; i < blocks; i++) {
        usual.set(bytes.subarray(2 * i * blockBytes, (2 * i + 1) * blockBytes), i * blockBytes);
        weights.set(values.subarray(2 * i * blockElements, (2 * i + 1) * blockElements), i * blockElements);
      }
      const x = Float32Array.from({ length: tokens * columns }, (_, i) => Math.sin(1 + i * 1.7) + 0.3);
      const expected = Float32Array.from({ length: tokens * rows }, (_, at) => {
        const [token, row] = [Math.floor(at / rows), at % rows];
        let sum = 0;
        for (let i = 0; i < columns; i++)
          sum += (x[token * columns + i] as number) * (weights[row * columns + i] as number);
        return sum;
      });
      const actual = await product(type, packBlocks(type, usual, rows, columns), x, rows, columns);
      expect(worstRow(actual, expected, rows)).toBeLessThanOrEqual(1e-5);
    },
  );
});
