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

/** ONNX Runtime keeps a second copy of each matrix, in the order in which its kernels read it. */
const COPIES = 2;
/** The runtime, its buffers between layers, and this process. */
const OVERHEAD = 512 << 20;
/** float32 weights are chosen while they take less than this share of the free memory. */
const MEMORY_SHARE = 0.4;

export function planMemory(checkpoint: Checkpoint, plan: WeightPlan): MemoryPlan {
  const elements = (name: string) =>
    weightShape(
      checkpoint.weights.get(name) ?? { shape: [0], name, type: "F32", file: "", offset: 0, bytes: 0 },
    ).reduce((a, b) => a * b, 1);
  let plain = 0;
  for (const name of plan.plainNames) plain += 4 * elements(name);
  let float32 = 0;
  let packed = 0;
  let packable = false;
  const head = plan.headName === null ? [] : [plan.headName];
  for (const name of [...plan.linearNames, ...head]) {
    const weight = checkpoint.weights.get(name);
    const count = elements(name);
    const tied = name === plan.headName && plan.plainNames.has(name);
    // A tied embedding is mapped once already.
    float32 += (tied ? COPIES - 1 : COPIES) * 4 * count;
    const packing = weight && isPackable(weight) ? packingOf(weight.type) : null;
    if (packing === null) packed += (tied ? COPIES - 1 : COPIES) * 4 * count;
    else {
      packable = true;
      const perBlock = packing.planes * ((packing.bits * packing.block) / 8 + 4) + (packing.correction ? 4 : 0);
      packed += COPIES * (count / packing.block) * perBlock;
    }
  }
  return { float32: plain + float32 + OVERHEAD, packed: packable ? plain + packed + OVERHEAD : null };
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
