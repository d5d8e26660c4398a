import { ExpectedError } from "../../errors.ts";
import type { Architecture } from "./architectures/Architecture.ts";
import type { StoredTensor, Weight } from "./Checkpoint.ts";
import type { ModelConfig } from "./ModelConfig.ts";

/** A stack of experts' matrices, each of which becomes a weight. */
const STACK = /_exps(\.weight)?$/;

/**
 * Stored tensors as the weights of the graphs. An architecture cuts joined tensors where the configuration says, so
 * the cuts are held against the tensor: none reaches beyond its end, and nothing at its end is left over.
 * @param stored by the graphs' names
 * @throws ExpectedError `tensor-shape`
 */
export function arrangeWeights(
  architecture: Architecture,
  stored: ReadonlyMap<string, StoredTensor>,
  config: ModelConfig,
  format: "gguf" | "safetensors",
  path: string,
): ReadonlyMap<string, Weight> {
  const refuse = ({ name, shape }: StoredTensor, rule: string): never => {
    throw new ExpectedError({
      code: "tensor-shape",
      message: `tensor ${name} is ${shape.join("×")}, ${rule}`,
      where: path,
      hint: "fetch or convert the model again",
    });
  };
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of stored) {
    tensors.set(tensor.name, tensor);
    if (config.experts !== null && STACK.test(name) && tensor.shape[0] !== config.experts.count)
      refuse(tensor, `not a stack of ${config.experts.count} experts`);
  }
  const weights: ReadonlyMap<string, Weight> = architecture.arrange?.(stored, config, format) ?? stored;
  /** Of tensors that are cut, where the last cut ends and where it should: in the file, or in rows of a transposed one. */
  const cuts = new Map<StoredTensor, { end: number; readonly whole: number }>();
  for (const { name, offset, bytes, part } of weights.values()) {
    const tensor = tensors.get(name) as StoredTensor;
    if (part === undefined && bytes === tensor.bytes) continue;
    const [from, count] = part ?? [offset, bytes];
    if (!(count > 0)) refuse(tensor, "too small for what the model cuts it into");
    const cut = cuts.get(tensor) ?? { end: 0, whole: part ? (tensor.shape[1] ?? 0) : tensor.offset + tensor.bytes };
    cut.end = Math.max(cut.end, from + count);
    cuts.set(tensor, cut);
  }
  for (const [tensor, { end, whole }] of cuts) {
    if (end !== whole) refuse(tensor, "which is not as long as the parts that the model cuts it into");
  }
  return weights;
}
