/** How much memory a model will take in each form of its weights, found before anything is loaded. */
import { ExpectedError } from "../../errors.ts";
import { type Checkpoint, weightShape } from "./Checkpoint.ts";
import { packingOf } from "./formats/packBlocks.ts";
import { isPackable, type WeightPolicy } from "./WeightFile.ts";
import type { WeightPlan } from "./weights.ts";

export interface MemoryPlan {
  /** Bytes of the weights in each form; null where no matrix has blocks that can stay packed. */
  readonly float32: number;
  readonly packed: number | null;
}

/**
 * Graphs that hold the layers, and graphs that hold the output head: all taps and logits for one text; reading,
 * generating and comparing for many.
 */
const GRAPHS = { latency: { layers: 1, head: 1 }, batch: { layers: 2, head: 2 } } as const;
/** The runtime, its buffers between layers, and this process. */
const OVERHEAD = 512 << 20;
/** float32 weights are chosen while they take less than this share of the free memory. */
const MEMORY_SHARE = 0.4;

/**
 * ONNX Runtime copies each matrix into the order in which its kernels read it, for each graph anew, and lets go of the
 * mapped original; scales it reads where they are mapped. So do all graphs with vectors. Of an embedding only the rows
 * of tokens in use are read.
 */
export function planMemory(checkpoint: Checkpoint, plan: WeightPlan, purpose: "batch" | "latency"): MemoryPlan {
  const shapeOf = (name: string) => {
    const weight = checkpoint.weights.get(name);
    return weight ? weightShape(weight) : [0];
  };
  const elements = (name: string) => shapeOf(name).reduce((a, b) => a * b, 1);
  let float32 = OVERHEAD;
  for (const name of plan.plainNames) if (shapeOf(name).length === 1) float32 += 4 * elements(name);
  let packed = float32;
  let packable = false;
  const graphs = GRAPHS[purpose];
  const matrices = [...plan.linearNames].map((name) => ({ name, copies: graphs.layers as number }));
  if (plan.headName !== null) matrices.push({ name: plan.headName, copies: graphs.head });
  for (const { name, copies } of matrices) {
    const weight = checkpoint.weights.get(name);
    const count = elements(name);
    float32 += copies * 4 * count;
    const packing = weight && isPackable(weight) ? packingOf(weight.type) : null;
    if (packing === null) packed += copies * 4 * count;
    else {
      packable = true;
      const { bits, block, planes, correction } = packing;
      const copied = (planes * bits * block) / 8 + (correction ? 4 : 0);
      packed += (count / block) * (copies * copied + planes * 4);
    }
  }
  return { float32, packed: packable ? packed : null };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * The form that the weights take in memory, and why.
 * @param purpose what matters when `asked` is `auto`: tokens a second over many rows, or the time to the first answer
 * @param free memory that can be had, bytes
 * @throws ExpectedError `memory-insufficient`, with the numbers, rather than being killed later
 */
export function chooseWeights(
  asked: "auto" | WeightPolicy,
  purpose: "batch" | "latency",
  plan: MemoryPlan,
  free: number,
): { policy: WeightPolicy; reason: string } {
  const choose = (): { policy: WeightPolicy; reason: string } => {
    if (plan.packed === null)
      return { policy: "float32", reason: "the file has no matrix in blocks that can stay packed" };
    if (asked !== "auto") return { policy: asked, reason: "as asked" };
    if (purpose === "latency") return { policy: "packed", reason: "auto: opens fastest" };
    if (plan.float32 < MEMORY_SHARE * free) return { policy: "float32", reason: "auto: fastest for batches" };
    return {
      policy: "packed",
      reason: `auto: float32 would take more than ${100 * MEMORY_SHARE} % of the free memory`,
    };
  };
  const choice = choose();
  const needed = choice.policy === "float32" ? plan.float32 : (plan.packed as number);
  if (needed <= free) return choice;
  const other = plan.packed !== null && plan.packed <= free && choice.policy === "float32";
  throw new ExpectedError({
    code: "memory-insufficient",
    message: `the model takes about ${gigabytes(needed)} of memory as ${choice.policy} weights, and ${gigabytes(free)} are free`,
    hint: other
      ? `packed weights take ${gigabytes(plan.packed as number)}: ask for them, or leave the choice to auto`
      : "use a smaller model, one quantised to fewer bits, or a machine with more memory",
  });
}
