/**
 * A model's weights as the graphs use them. A forward pass asks for them by name and shape; who answers is either
 * `WeightPlan`, which notes what is needed, or `GraphWeights`, which puts the prepared ones into a graph. So what a
 * model needs is written down once, in its architecture.
 */
import { ExpectedError } from "../../errors.ts";
import { type Checkpoint, weightShape } from "./Checkpoint.ts";
import type { Graph, Value } from "./graph.ts";
import type { OnnxInitializer } from "./onnxFile.ts";

export interface Weights {
  /** A tensor as it is: a norm, a bias, an embedding. null stands for any length. */
  plain(name: string, shape: readonly (number | null)[]): Value;
  /** x [b, t, columns] · Wᵀ (+ bias, where the model has one) -> [b, t, rows], for the matrix `${stem}.weight`. */
  linear(x: Value, stem: string, rows: number, columns: number, name: Value): Value;
  /** The same for the matrix `weight` that turns states [n, columns] into logits [n, rows]. */
  head(x: Value, weight: string, rows: number, columns: number, name: Value): Value;
}

/** A matrix as the graphs see it: x·Wᵀ for W of [rows, columns]. */
export type LinearWeight =
  /** Stored as Wᵀ. */
  | { readonly form: "float32"; readonly matrix: string }
  /** Stored as W, since it serves as embedding too. */
  | { readonly form: "rows"; readonly matrix: string }
  | {
      readonly form: "packed";
      readonly rows: number;
      readonly columns: number;
      readonly bits: number;
      /** Planes of bits side by side in a row (packBlocks.ts): x then stands as often in the product. */
      readonly planes: number;
      readonly block: number;
      readonly packed: string;
      readonly scales: string;
      readonly correction: string | null;
    };

/** What lies in the weights file; small and JSON-safe, so that it is stored beside the file. */
export interface WeightIndex {
  readonly initializers: readonly OnnxInitializer[];
  readonly linear: Readonly<Record<string, LinearWeight>>;
}

/** What a forward pass asks for, checked against what the files hold. */
export class WeightPlan implements Weights {
  readonly plainNames = new Set<string>();
  readonly linearNames = new Set<string>();
  headName: string | null = null;
  private readonly checkpoint: Checkpoint;

  constructor(checkpoint: Checkpoint) {
    this.checkpoint = checkpoint;
  }

  private check(name: string, expected: readonly (number | null)[]): void {
    const { weights, path } = this.checkpoint;
    const weight = weights.get(name);
    if (weight === undefined) {
      throw new ExpectedError({
        code: "tensor-missing",
        message: `the model has no tensor ${name}`,
        where: path,
        hint: "the file is incomplete or of another architecture than it says; fetch or convert it again",
      });
    }
    const shape = weightShape(weight);
    if (shape.length === expected.length && expected.every((size, i) => size === null || size === shape[i])) return;
    throw new ExpectedError({
      code: "tensor-shape",
      message: `tensor ${name} is ${shape.join("×")}, not ${expected.map((size) => size ?? "any").join("×")}`,
      where: path,
      hint: "fetch or convert the model again",
    });
  }

  plain(name: string, shape: readonly (number | null)[]): Value {
    this.check(name, shape);
    this.plainNames.add(name);
    return name;
  }

  linear(_x: Value, stem: string, rows: number, columns: number, name: Value): Value {
    this.check(`${stem}.weight`, [rows, columns]);
    this.linearNames.add(`${stem}.weight`);
    if (this.checkpoint.weights.has(`${stem}.bias`)) this.plain(`${stem}.bias`, [rows]);
    return name;
  }

  head(_x: Value, weight: string, rows: number, columns: number, name: Value): Value {
    this.check(weight, [rows, columns]);
    this.headName = weight;
    return name;
  }

  /** Refuses a tensor that the graphs would leave out: a block beyond the last, an expert, a bias. */
  refuseUnused(): void {
    const { weights, path, config } = this.checkpoint;
    for (const name of weights.keys()) {
      if (this.plainNames.has(name) || this.linearNames.has(name) || this.headName === name) continue;
      throw new ExpectedError({
        code: "architecture-unsupported",
        message: `tensor ${name} has no place in a ${config.architecture} of ${config.layers} blocks`,
        where: path,
        hint: "Isoglyph would have to leave it out; use a model without such tensors",
      });
    }
  }
}

/** Makes prepared weights known to a graph as they are first used. */
export class GraphWeights implements Weights {
  private readonly byName: Map<string, OnnxInitializer>;
  private readonly shared = new Map<string, Value>();
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

  linear(x: Value, stem: string, _rows: number, _columns: number, name: Value): Value {
    const bias = `${stem}.bias`;
    if (!this.byName.has(bias)) return this.product(x, `${stem}.weight`, name, 3);
    return this.graph.add(this.product(x, `${stem}.weight`, `${name}:product`, 3), this.plain(bias), name);
  }

  head(x: Value, weight: string, _rows: number, _columns: number, name: Value): Value {
    return this.product(x, `${weight}:head`, name, 2);
  }

  /** @param rank of x */
  private product(x: Value, weight: string, name: Value, rank: number): Value {
    const entry = this.index.linear[weight];
    if (entry === undefined) throw new Error(`matrix ${weight} was not prepared`);
    if (entry.form === "float32") return this.graph.matMul(x, this.plain(entry.matrix), name);
    if (entry.form === "rows") return this.graph.matMulTransposed(x, this.plain(entry.matrix), name);
    const { packed, scales, correction } = entry;
    const exact = correction ? `${name}:blocks` : name;
    const { rows, columns, bits, planes, block } = entry;
    const shape = { rows, columns: planes * columns, bits, block };
    const read = planes === 1 ? x : this.once(`${x}:twice`, (key) => this.graph.concat([x, x], -1, key));
    const product = this.graph.matMulPacked(read, this.plain(packed), this.plain(scales), shape, exact);
    if (correction === null) return product;
    const sums = this.sumsOverBlocks(x, columns, block, rank);
    return this.graph.add(product, this.graph.matMul(sums, this.plain(correction), `${name}:minimum`), name);
  }

  /** Sums of x over blocks. */
  private sumsOverBlocks(x: Value, columns: number, block: number, rank: number): Value {
    return this.once(`${x}:sums.${block}`, (key) => {
      const { graph } = this;
      // The leading axes stay as they are.
      const shape = [...new Array<number>(rank - 1).fill(0), columns / block, block];
      return graph.sum(graph.reshape(x, shape, `${key}:blocks`), rank, key);
    });
  }

  /** What several matrices read of the same x is computed once. */
  private once(key: string, make: (key: string) => Value): Value {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    this.shared.set(key, value);
    return value;
  }
}
