/** Brings a model file into the form that ONNX Runtime maps into memory, once, under the cache folder. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import { type DecoderConfig, decoderConfig } from "./decoderConfig.ts";
import { engineGraph, type GraphName, weightNames } from "./engineGraphs.ts";
import type { Gguf } from "./gguf.ts";
import { WeightFile, type WeightIndex, type WeightPolicy } from "./weights.ts";

/** Raised whenever the layout of the weights file changes. */
const WEIGHT_FORMAT = 1;
const WEIGHTS = "weights.bin";

export interface PreparedModel {
  readonly config: DecoderConfig;
  /** Path of a graph's ONNX file; written on first use. */
  graphFile(graph: GraphName): string;
}

/** Writes under a temporary name and renames, so that nobody ever sees half a file. */
function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}

/**
 * @param folder where prepared models live
 * @param digest sha256 of the model file
 */
export function prepareModel(gguf: Gguf, digest: string, policy: WeightPolicy, folder: string): PreparedModel {
  const config = decoderConfig(gguf);
  const home = join(folder, `${digest.slice(0, 32)}-${policy}-${WEIGHT_FORMAT}`);
  const indexFile = join(home, "weights.json");
  if (!existsSync(indexFile)) prepare(gguf, config, policy, home);
  const index = JSON.parse(readFileSync(indexFile, "utf8")) as WeightIndex;
  return {
    config,
    graphFile(graph) {
      const bytes = engineGraph(graph, config, index);
      const path = join(home, `${graph}-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.onnx`);
      if (!existsSync(path)) writeWhole(path, bytes);
      return path;
    },
  };
}

function prepare(gguf: Gguf, config: DecoderConfig, policy: WeightPolicy, home: string): void {
  const temporary = `${home}.${process.pid}.tmp`;
  try {
    mkdirSync(temporary, { recursive: true });
    const file = new WeightFile(gguf, join(temporary, WEIGHTS), WEIGHTS);
    try {
      const names = weightNames(config);
      for (const name of names.plain) file.addPlain(name);
      for (const name of names.linear) file.addLinear(name, policy);
    } finally {
      writeFileSync(join(temporary, "weights.json"), JSON.stringify(file.close()));
    }
    mkdirSync(dirname(home), { recursive: true });
    // Whoever comes second finds the same bytes in place and drops its own.
    if (existsSync(join(home, "weights.json"))) return;
    rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
  } catch (error) {
    if (error instanceof ExpectedError) throw error;
    throw new ExpectedError({
      code: "prepare-failed",
      message: `could not prepare the model: ${error instanceof Error ? error.message : String(error)}`,
      where: home,
      hint: "check that the disk has room (about six times the model file) and that the folder can be written; ISOGLYPH_CACHE names another",
      cause: error,
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
