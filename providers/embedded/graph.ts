/**
 * A graph under construction. Each method adds one operator and returns the name of its output; the set of
 * operators is small on purpose, since whoever differentiates the graph has to know each of them.
 */
import {
  type AttributeValue,
  DataType,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
} from "./onnxFile.ts";

/** The name of a tensor in the graph. */
export type Value = string;

const MICROSOFT = "com.microsoft";

export class Graph {
  private readonly nodes: OnnxNode[] = [];
  private readonly inputs: OnnxValueInfo[] = [];
  private readonly outputs: OnnxValueInfo[] = [];
  private readonly initializers = new Map<string, OnnxInitializer>();
  /** Values that are outputs, under the names that they have there. */
  private readonly renamed = new Map<Value, string>();

  model(): OnnxModel {
    const named = (values: readonly Value[]) => values.map((value) => this.renamed.get(value) ?? value);
    return {
      nodes: this.nodes.map((node) => ({ ...node, inputs: named(node.inputs), outputs: named(node.outputs) })),
      inputs: this.inputs,
      outputs: this.outputs,
      initializers: [...this.initializers.values()],
    };
  }

  input(name: string, type: DataType, shape: readonly (number | string)[]): Value {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Makes `value` an output of the graph under `name`; what an operator gave is renamed, which spares a copy. */
  output(name: string, value: Value, type: DataType, shape: readonly (number | string)[]): void {
    if (value !== name) {
      const free = !this.renamed.has(value) && !this.outputs.some((output) => output.name === value);
      if (free && this.nodes.some(({ outputs }) => outputs.includes(value))) this.renamed.set(value, name);
      else this.nodes.push({ op: "Identity", inputs: [value], outputs: [name] });
    }
    this.outputs.push({ name, type, shape });
  }

  initializer(value: OnnxInitializer): Value {
    this.initializers.set(value.name, value);
    return value.name;
  }

  ints(values: readonly number[]): Value {
    const name = `ints:${values.join(",")}`;
    const data = new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
    return this.initializer({ name, type: DataType.int64, shape: [values.length], data });
  }

  scalar(value: number): Value {
    const data = new Uint8Array(Float32Array.of(value).buffer);
    return this.initializer({ name: `scalar:${value}`, type: DataType.float, shape: [], data });
  }

  private add1(
    op: string,
    inputs: readonly Value[],
    name: string,
    attributes?: Record<string, AttributeValue>,
    domain?: string,
  ): Value {
    this.nodes.push({ op, inputs, outputs: [name], ...(attributes && { attributes }), ...(domain && { domain }) });
    return name;
  }

  matMul(a: Value, b: Value, name: Value): Value {
    return this.add1("MatMul", [a, b], name);
  }

  /** a · bᵀ for matrices. */
  matMulTransposed(a: Value, b: Value, name: Value): Value {
    return this.add1("Gemm", [a, b], name, { transB: 1 });
  }

  /**
   * x · Wᵀ for a W of [rows, columns] packed in blocks along its columns, with the zero point that goes without
   * saying: 8 for 4 bits, 128 for 8.
   */
  matMulPacked(
    x: Value,
    packed: Value,
    scales: Value,
    shape: { readonly rows: number; readonly columns: number; readonly bits: number; readonly block: number },
    name: Value,
  ): Value {
    const { rows, columns, bits, block } = shape;
    const attributes = { K: columns, N: rows, bits, block_size: block, accuracy_level: 0 };
    return this.add1("MatMulNBits", [x, packed, scales], name, attributes, MICROSOFT);
  }

  add(a: Value, b: Value, name: Value): Value {
    return this.add1("Add", [a, b], name);
  }

  sub(a: Value, b: Value, name: Value): Value {
    return this.add1("Sub", [a, b], name);
  }

  mul(a: Value, b: Value, name: Value): Value {
    return this.add1("Mul", [a, b], name);
  }

  div(a: Value, b: Value, name: Value): Value {
    return this.add1("Div", [a, b], name);
  }

  /** Whether integers are equal. */
  equal(a: Value, b: Value, name: Value): Value {
    return this.add1("Equal", [a, b], name);
  }

  toFloat(x: Value, name: Value): Value {
    return this.add1("Cast", [x], name, { to: DataType.float });
  }

  tanh(x: Value, name: Value): Value {
    return this.add1("Tanh", [x], name);
  }

  /** x · Φ(x), or its approximation by tanh (Hendrycks & Gimpel 2016, arXiv 1606.08415). */
  gelu(x: Value, byTanh: boolean, name: Value): Value {
    return this.add1("Gelu", [x], name, { approximate: byTanh ? "tanh" : "none" });
  }

  exp(x: Value, name: Value): Value {
    return this.add1("Exp", [x], name);
  }

  /** log(1 + exp(x)). */
  softplus(x: Value, name: Value): Value {
    return this.add1("Softplus", [x], name);
  }

  /** x · sigmoid(x). */
  silu(x: Value, name: Value): Value {
    return this.add1("QuickGelu", [x], name, { alpha: { float: 1 } }, MICROSOFT);
  }

  softmax(x: Value, name: Value): Value {
    return this.add1("Softmax", [x], name, { axis: -1 });
  }

  logSoftmax(x: Value, name: Value): Value {
    return this.add1("LogSoftmax", [x], name, { axis: -1 });
  }

  /** x / √(mean(x²) + epsilon) · weight over the last axis. */
  rmsNorm(x: Value, weight: Value, epsilon: number, name: Value): Value {
    return this.add1("SimplifiedLayerNormalization", [x, weight], name, { axis: -1, epsilon: { float: epsilon } });
  }

  /** (x − mean) / √(variance + epsilon) · weight + bias over the last axis. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number, name: Value): Value {
    return this.add1("LayerNormalization", [x, weight, bias], name, { axis: -1, epsilon: { float: epsilon } });
  }

  /**
   * Rotary position embedding of x [batch, tokens, heads · size]; `interleaved` pairs neighbours, else halves.
   * @param partial how many dimensions of a head turn, or 0 for all
   */
  rotary(
    x: Value,
    positions: Value,
    cos: Value,
    sin: Value,
    heads: number,
    interleaved: boolean,
    partial: number,
    name: Value,
  ): Value {
    const attributes = { interleaved: interleaved ? 1 : 0, num_heads: heads, rotary_embedding_dim: partial };
    return this.add1("RotaryEmbedding", [x, positions, cos, sin], name, attributes, MICROSOFT);
  }

  /**
   * Causal grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) of q, k, v [b, t, heads · size], which first
   * writes k and v into a cache [b, keyValueHeads, capacity, size]: a run is to be given the same memory as `past` and
   * `present`. A query sees itself and what is before it in its sequence, and no more than `window` of these.
   * @param last int32 [b], index of each sequence's last token
   * @param longest int32 [1], length of the longest sequence; t where the cache is empty
   */
  cachedAttention(
    inputs: Record<"q" | "k" | "v" | "pastKey" | "pastValue" | "last" | "longest", Value>,
    options: {
      readonly heads: number;
      readonly keyValueHeads: number;
      readonly scale: number;
      readonly softcap: number | null;
      readonly window: number | null;
    },
    name: Value,
  ): { out: Value; presentKey: Value; presentValue: Value } {
    const { q, k, v, pastKey, pastValue, last, longest } = inputs;
    const outputs = { out: name, presentKey: `${name}:key`, presentValue: `${name}:value` };
    this.nodes.push({
      op: "GroupQueryAttention",
      domain: MICROSOFT,
      inputs: [q, k, v, pastKey, pastValue, last, longest],
      outputs: Object.values(outputs),
      attributes: {
        num_heads: options.heads,
        kv_num_heads: options.keyValueHeads,
        scale: { float: options.scale },
        ...(options.softcap !== null && { softcap: { float: options.softcap } }),
        ...(options.window !== null && { local_window_size: options.window }),
      },
    });
    return outputs;
  }

  gather(x: Value, indices: Value, name: Value): Value {
    return this.add1("Gather", [x, indices], name, { axis: 0 });
  }

  gatherElements(x: Value, indices: Value, name: Value): Value {
    return this.add1("GatherElements", [x, indices], name, { axis: -1 });
  }

  argMax(x: Value, name: Value): Value {
    return this.add1("ArgMax", [x], name, { axis: -1, keepdims: 0 });
  }

  reshape(x: Value, shape: readonly number[], name: Value): Value {
    return this.add1("Reshape", [x, this.ints(shape)], name);
  }

  /** Reshape to a shape that another value carries. */
  reshapeTo(x: Value, shape: Value, name: Value): Value {
    return this.add1("Reshape", [x, shape], name);
  }

  shape(x: Value, name: Value): Value {
    return this.add1("Shape", [x], name);
  }

  slice(x: Value, axis: number, from: number, to: number, name: Value): Value {
    return this.add1("Slice", [x, this.ints([from]), this.ints([to]), this.ints([axis])], name);
  }

  transpose(x: Value, order: readonly number[], name: Value): Value {
    return this.add1("Transpose", [x], name, { perm: order });
  }

  concat(values: readonly Value[], axis: number, name: Value): Value {
    return this.add1("Concat", values, name, { axis });
  }

  unsqueeze(x: Value, axis: number, name: Value): Value {
    return this.add1("Unsqueeze", [x, this.ints([axis])], name);
  }

  /**
   * Sum over an axis, which is dropped unless `keep` is set.
   * @param axis counted from the front: ONNX Runtime 1.30 keeps a negative one where the tensor is empty
   */
  sum(x: Value, axis: number, name: Value, keep = false): Value {
    return this.add1("ReduceSum", [x, this.ints([axis])], name, { keepdims: keep ? 1 : 0 });
  }

  /** The `count` largest of the last axis, largest first, and where they stand. */
  topK(x: Value, count: number, name: Value): { values: Value; indices: Value } {
    const outputs = { values: `${name}:values`, indices: `${name}:indices` };
    this.nodes.push({ op: "TopK", inputs: [x, this.ints([count])], outputs: [outputs.values, outputs.indices] });
    return outputs;
  }

  /** Indices of what is not 0 in a vector, int64 [1, found]. */
  nonZero(x: Value, name: Value): Value {
    return this.add1("NonZero", [x], name);
  }

  /** x with rows [n, width] added at the rows that `indices` [n, 1] name. */
  scatterAdd(x: Value, indices: Value, rows: Value, name: Value): Value {
    return this.add1("ScatterND", [x, indices, rows], name, { reduction: "add" });
  }
}
