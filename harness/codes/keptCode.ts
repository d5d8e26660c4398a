/** Trained codes kept on disk by what they depend on: the training vectors, the options, and the code that trains. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Matrix, Quantiser, TrainingOptions } from "../../codecs/quantisers/Quantiser.ts";
import type { CodeKind } from "./codeKinds.ts";
import { readTensors, sha256, writeTensors } from "./keptTensors.ts";

export interface KeptCodeOptions extends TrainingOptions {
  /** null keeps nothing. */
  readonly folder: string | null;
}

/** The code trained on `vectors`, taken from the folder where it is there. */
export async function keptCode(
  kind: CodeKind,
  vectors: Matrix,
  { folder, ...options }: KeptCodeOptions,
): Promise<Quantiser> {
  const { places, entries, seed } = options;
  const { data, rows, width } = vectors;
  const training = sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const key = sha256(
    JSON.stringify({ kind: kind.name, places, entries, seed, training, rows, width, code: codeDigest() }),
  );
  const path = folder === null ? null : join(folder, key);
  const kept = path === null ? null : readTensors(path);
  if (kept !== null) return kind.open(kept);
  const code = await kind.train(vectors, options);
  if (path !== null) writeTensors(path, code.tensors, { kind: kind.name, places, entries, seed, training });
  return code;
}

let digest: string | null = null;

/** sha256 over the files that train: a kept code never outlives what made it. */
function codeDigest(): string {
  if (digest !== null) return digest;
  const folder = new URL("../../codecs/quantisers/", import.meta.url);
  const files = readdirSync(folder)
    .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith(".d.ts"))
    .sort();
  digest = sha256(files.map((name) => `${name}\n${readFileSync(new URL(name, folder), "utf8")}`).join(""));
  return digest;
}
