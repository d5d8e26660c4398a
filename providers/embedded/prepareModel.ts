/** Brings a model file into the form that ONNX Runtime maps into memory, once, under the cache folder. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EXIT, ExpectedError } from "../../errors.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { engineGraph, type GraphName } from "./engineGraphs.ts";
import { withEntryLock } from "./entryLock.ts";
import type { ModelConfig } from "./ModelConfig.ts";
import { isDiskFull } from "./sources/fetchErrors.ts";
import { WeightFile, type WeightPolicy } from "./WeightFile.ts";
import type { WeightIndex, WeightPlan } from "./weights.ts";

/** Raised whenever the layout of the weights file changes. */
const WEIGHT_FORMAT = 2;
const WEIGHTS = "weights.bin";
const INDEX = "weights.json";

export interface PreparedModel {
  readonly config: ModelConfig;
  /** Path of a graph's ONNX file; written on first use. @throws ExpectedError `disk-full`, `prepare-failed`. */
  graphFile(graph: GraphName): string;
}

/** Writes under a temporary name and renames, so that nobody ever sees half a file. */
function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

const homeOf = (digest: string, policy: WeightPolicy, folder: string) =>
  join(folder, `${digest.slice(0, 32)}-${policy}-${WEIGHT_FORMAT}`);

/** What the weights file in `home` holds, or null where there is none, or one that was cut or damaged. */
function readIndex(home: string): WeightIndex | null {
  try {
    const index = JSON.parse(readFileSync(join(home, INDEX), "utf8")) as WeightIndex;
    const ends = index.initializers.map(({ data }) => (data instanceof Uint8Array ? 0 : data.offset + data.length));
    // Reading beyond the end of a mapped file would kill the process.
    return statSync(join(home, WEIGHTS)).size >= Math.max(0, ...ends) ? index : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** Whether prepareModel has nothing left to do. */
export function isPrepared(digest: string, policy: WeightPolicy, folder: string): boolean {
  const home = homeOf(digest, policy, folder);
  try {
    return readIndex(home) !== null;
  } catch (error) {
    throw prepareError(error, home);
  }
}

/**
 * Processes that want the same model wait for the first one.
 * @param plan the weights that its graphs use
 * @param digest sha256 of the model's files
 * @param folder where prepared models live
 * @throws ExpectedError of WeightFile and dequantize; `disk-full`, `prepare-failed`.
 */
export async function prepareModel(
  checkpoint: Checkpoint,
  plan: WeightPlan,
  digest: string,
  policy: WeightPolicy,
  folder: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<PreparedModel> {
  const { config } = checkpoint;
  const home = homeOf(digest, policy, folder);
  try {
    let index = readIndex(home);
    if (index === null) {
      mkdirSync(folder, { recursive: true });
      await withEntryLock(home, { signal, onWait: () => {} }, async (held) => {
        if (readIndex(home) === null) await prepare(checkpoint, plan, policy, home, held);
      });
      index = readIndex(home);
      if (index === null) throw new Error(`what was just written to ${home} cannot be read`);
    }
    const whole = index;
    return { config, graphFile: (graph) => graphFile(home, engineGraph(graph, config, whole), graph) };
  } catch (error) {
    throw prepareError(error, home);
  }
}

function graphFile(home: string, bytes: Uint8Array, graph: GraphName): string {
  const path = join(home, `${graph}-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.onnx`);
  try {
    // Others have it open: it is replaced, never written over.
    if (!existsSync(path) || !readFileSync(path).equals(bytes)) writeWhole(path, bytes);
    return path;
  } catch (error) {
    throw prepareError(error, home);
  }
}

/** With the lock on `home` held, until `signal` says that it was lost. */
async function prepare(
  checkpoint: Checkpoint,
  plan: WeightPlan,
  policy: WeightPolicy,
  home: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = dirname(home);
  const leftBehind = readdirSync(folder).filter(
    (name) => name.startsWith(`${basename(home)}.`) && name.endsWith(".tmp"),
  );
  for (const name of leftBehind) rmSync(join(folder, name), { recursive: true, force: true });
  const temporary = `${home}.${randomUUID()}.tmp`;
  try {
    mkdirSync(temporary);
    const file = new WeightFile(checkpoint.weights, join(temporary, WEIGHTS), WEIGHTS);
    let index: WeightIndex;
    try {
      const steps = [
        ...[...plan.plainNames].map((name) => () => file.addPlain(name)),
        ...[...plan.linearNames].map((name) => () => file.addLinear(name, policy)),
        ...(plan.headName === null ? [] : [() => file.addHead(plan.headName as string, policy)]),
      ];
      // Between tensors the event loop gets its turn, to keep the lock alive and to hear of an interrupt.
      for (const step of steps) {
        step();
        await nextTurn();
        signal.throwIfAborted();
      }
    } finally {
      index = file.close();
    }
    writeFileSync(join(temporary, INDEX), JSON.stringify(index));
    // A damaged folder is removed; a whole one is never replaced, since others have it open.
    if (readIndex(home) === null) rmSync(home, { recursive: true, force: true });
    try {
      renameSync(temporary, home);
    } catch (error) {
      // Whoever took the lost lock was faster, with the same bytes.
      if (readIndex(home) === null) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** File system errors become expected ones; the rest stays what it is. */
function prepareError(error: unknown, home: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (error instanceof ExpectedError || code === undefined || syscall === undefined) return error;
  if (isDiskFull(error)) {
    return new ExpectedError({
      code: "disk-full",
      message: "no room for the prepared model: it takes up to seven times the bytes of the model file",
      where: home,
      hint: "make room there, or set ISOGLYPH_CACHE to a folder on another disk",
      exit: EXIT.incomplete,
      cause: error,
    });
  }
  return new ExpectedError({
    code: "prepare-failed",
    message: `could not prepare the model: ${message}`,
    where: home,
    hint: "set ISOGLYPH_CACHE to a folder that can be read and written",
    exit: EXIT.incomplete,
    cause: error,
  });
}
