/**
 * Makes a folder as the Hugging Face Hub has them of a BERT that was exported to ONNX with dynamic quantisation
 * (onnxruntime's `quantize_dynamic`: embeddings as bytes of one scale, matrices as bytes of a scale a column). The
 * weights become the float32 numbers that the bytes stand for, w = scale · (q − zero point); states are not rounded to
 * bytes on the way, as that runtime does it, so embeddings differ from its by that rounding.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NamedTensor, writeSafetensors } from "../../../safetensors.ts";
import { type OnnxTensor, type OnnxWeights, readOnnxWeights } from "../formats/onnxWeights.ts";

export interface BertParts {
  readonly onnx: Buffer;
  readonly tokenizer: Buffer;
  /** config.json, and how states become one embedding. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly pooling: "mean" | "cls";
}

const QUANTIZED = "_quantized";

/** Writes the folder's files; the same bytes for the same parts. Throws RangeError for an ONNX file of another kind. */
export function writeBertFolder(folder: string, { onnx, tokenizer, config, pooling }: BertParts): void {
  mkdirSync(join(folder, "1_Pooling"), { recursive: true });
  const json = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  json("config.json", config);
  const module = (idx: number, path: string, type: string) => ({
    idx,
    name: String(idx),
    path,
    type: `sentence_transformers.models.${type}`,
  });
  json("modules.json", [
    module(0, "", "Transformer"),
    module(1, "1_Pooling", "Pooling"),
    module(2, "2_Normalize", "Normalize"),
  ]);
  json("1_Pooling/config.json", { pooling_mode: pooling });
  writeFileSync(join(folder, "tokenizer.json"), tokenizer);
  writeSafetensors(join(folder, "model.safetensors"), weightsOf(readOnnxWeights(onnx)), { format: "pt" });
}

function weightsOf({ tensors, nodes }: OnnxWeights): NamedTensor[] {
  const out: NamedTensor[] = [];
  for (const [name, tensor] of tensors) {
    if (tensor.values instanceof Float32Array && /^(embeddings|encoder)\..*\.(weight|bias)$/.test(name)) {
      out.push({ name, shape: tensor.dims, data: tensor.values });
    } else if (name.startsWith("embeddings.") && name.endsWith(QUANTIZED)) {
      const plain = name.slice(0, -QUANTIZED.length);
      out.push({ name: plain, shape: tensor.dims, data: dequantised(tensors, plain) });
    }
  }
  for (const { name, op, inputs } of nodes) {
    if (op !== "MatMulInteger") continue;
    // A product is named after the module that it belongs to; torch keeps the matrix the other way round.
    const module = name
      .replace(/^\//, "")
      .replace(/\/MatMul_quant$/, "")
      .replaceAll("/", ".");
    const source = (inputs[1] ?? "").slice(0, -QUANTIZED.length);
    const [rows, columns] = partOf(tensors, `${source}${QUANTIZED}`).dims as [number, number];
    const data = turned(dequantised(tensors, source), rows, columns);
    out.push({ name: `${module}.weight`, shape: [columns, rows], data });
  }
  return out.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of one scale, or of one a column. */
function dequantised(tensors: OnnxWeights["tensors"], name: string): Float32Array {
  const { values } = partOf(tensors, `${name}${QUANTIZED}`);
  const scales = partOf(tensors, `${name}_scale`).values;
  const zeros = partOf(tensors, `${name}_zero_point`).values;
  return Float32Array.from(values, (value, i) => {
    const column = i % scales.length;
    return (value - (zeros[column] as number)) * (scales[column] as number);
  });
}

function turned(data: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number);
}

function partOf(tensors: OnnxWeights["tensors"], name: string): OnnxTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new RangeError(`the ONNX file has no ${name}`);
  return found;
}
