/** Which operators a forward pass spends its time in, by ONNX Runtime's own profile. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { TensorData } from "../providers/embedded/Sessions.ts";

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly op_name?: string; readonly input_type_shape?: readonly unknown[] };
}

/** Shares of the time of the best of several runs, largest first; products of activations apart from those with weights. */
export async function profile(
  graphFile: string,
  threads: number,
  feeds: Record<string, TensorData>,
  fetch: readonly string[],
): Promise<[operator: string, share: number][]> {
  const folder = mkdtempSync(join(tmpdir(), "isoglyph-profile-"));
  try {
    const session = await InferenceSession.create(graphFile, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableProfiling: true,
      profileFilePrefix: join(folder, "run"),
    });
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data as Float32Array, dims)]),
    );
    for (let run = 0; run < 12; run++) await session.run(tensors, fetch);
    session.endProfiling();
    const [file = ""] = readdirSync(folder);
    const events = JSON.parse(readFileSync(join(folder, file), "utf8")) as Event[];
    const runs = events.filter(({ name }) => name === "model_run").slice(2);
    const run = runs.reduce((a, b) => (b.dur < a.dur ? b : a));
    const shares = new Map<string, number>();
    for (const { cat, name, ts, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time") || ts < run.ts || ts >= run.ts + run.dur) continue;
      const op = args.op_name ?? "";
      const weightless = ["MatMul", "FusedMatMul"].includes(op) && args.input_type_shape?.length !== 1;
      const label = weightless ? "MatMul of activations" : op;
      shares.set(label, (shares.get(label) ?? 0) + dur / run.dur);
    }
    return [...shares].sort((a, b) => b[1] - a[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
