/** Which files of a folder transformers takes the weights from, and what type they are stored in. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import { readSafetensors } from "../embedded/formats/safetensorsFile.ts";
import { isInnerPath } from "../embedded/sources/innerPath.ts";

/** In transformers' own order: an index comes with several files. */
const STORES = [
  ["model.safetensors", "model.safetensors.index.json"],
  ["pytorch_model.bin", "pytorch_model.bin.index.json"],
] as const;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().refine(isInnerPath)) });

/** Names relative to the folder, sorted. @throws ExpectedError `model-folder-incomplete`, `model-folder-malformed`. */
export function weightFiles(folder: string): string[] {
  for (const [single, index] of STORES) {
    if (existsSync(join(folder, single))) return [single];
    if (existsSync(join(folder, index))) return listed(folder, index);
  }
  const others = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  if (others.length > 0) return others.sort();
  throw new ExpectedError({
    code: "model-folder-incomplete",
    message: "the model loads, and none of the weight files known by name is in its folder",
    where: folder,
    hint: `save it as ${STORES[0][0]}: save_pretrained of Python's transformers does`,
  });
}

function listed(folder: string, index: string): string[] {
  let parsed: z.infer<typeof indexSchema>;
  try {
    parsed = indexSchema.parse(JSON.parse(readFileSync(join(folder, index), "utf8")));
  } catch (cause) {
    throw new ExpectedError({
      code: "model-folder-malformed",
      message: `the index of the weights names no files: ${(cause as Error).message}`,
      where: join(folder, index),
      hint: "fetch the model again",
      cause,
    });
  }
  return [...new Set(Object.values(parsed.weight_map))].sort();
}

/** The type of most matrices; `pickled` where only PyTorch can tell. */
export function storedType(folder: string, files: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const file of files) {
    if (!file.endsWith(".safetensors")) return "pickled";
    for (const { type, shape } of readSafetensors(join(folder, file)).tensors.values())
      if (shape.length >= 2) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ["none", 0] as [string, number])[0];
}
