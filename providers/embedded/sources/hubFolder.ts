/**
 * Reads a folder as the Hugging Face Hub has them: config.json, weights in safetensors files, and what a
 * sentence-transformers model says of its embeddings. The tokenizer's files are read by the tokenizer.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../../../errors.ts";
import type { StoredTensor } from "../Checkpoint.ts";
import { readSafetensors } from "../formats/safetensorsFile.ts";
import { showName, showValue } from "../showValue.ts";
import { fileDigest } from "./fileDigest.ts";
import { isInnerPath } from "./innerPath.ts";

export const WEIGHTS_INDEX = "model.safetensors.index.json";
export const WEIGHTS_FILE = "model.safetensors";
/** Room for the index of a model with a million tensors. */
const MAX_JSON_BYTES = 100_000_000;
const PICKLES = /^(pytorch_model.*\.bin|.*\.(pt|pth|ckpt))$/;

export interface HubFolder {
  readonly path: string;
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Of all shards. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** How states become one embedding (sentence-transformers); null where the folder does not say. */
  readonly pooling: "mean" | "cls" | "last" | null;
  /** Whether embeddings are scaled to length 1. */
  readonly normalize: boolean;
  /** Names of the weight files, sorted, relative to the folder. */
  readonly files: readonly string[];
}

/**
 * @throws ExpectedError `model-folder-malformed`, `model-folder-incomplete`, `model-pickle`,
 *   `model-modules-unsupported`, `safetensors-malformed`.
 */
export function readHubFolder(path: string): HubFolder {
  const config = readJson(path, "config.json");
  if (config === null) {
    throw incomplete(path, "the folder has no config.json", "give a folder as the Hugging Face Hub has them");
  }
  const weightMap = readWeightMap(path);
  const files = weightMap === null ? [singleFile(path)] : [...new Set(weightMap.values())].sort();
  const tensors = new Map<string, StoredTensor>();
  for (const file of files) {
    for (const [name, tensor] of readShard(path, file).tensors) {
      const other = tensors.get(name);
      if (other) throw malformed(path, file, `tensor ${name} is in ${other.file} too`);
      tensors.set(name, tensor);
    }
  }
  for (const [name, file] of weightMap ?? []) {
    if (tensors.get(name)?.file !== join(path, file)) {
      throw malformed(path, WEIGHTS_INDEX, `it says that tensor ${showName(name)} is in ${file}, and it is not`);
    }
  }
  return { path, config, tensors, ...readModules(path), files };
}

/** The file of each tensor, by name, in a model of several files; null where there is no index. */
export function readWeightMap(folder: string): ReadonlyMap<string, string> | null {
  const index = readJson(folder, WEIGHTS_INDEX);
  if (index === null) return null;
  const map = index.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw malformed(folder, WEIGHTS_INDEX, "it has no weight_map");
  }
  const entries = Object.entries(map as Record<string, unknown>);
  if (entries.length === 0) throw malformed(folder, WEIGHTS_INDEX, "its weight_map is empty");
  for (const [name, file] of entries) {
    if (typeof file !== "string" || !isInnerPath(file) || !file.endsWith(".safetensors")) {
      throw malformed(
        folder,
        WEIGHTS_INDEX,
        `weight_map puts ${showName(name)} into ${showValue(file)}, which is no safetensors file inside the folder`,
      );
    }
  }
  return new Map(entries as [string, string][]);
}

function readShard(folder: string, file: string) {
  const path = join(folder, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw incomplete(folder, `${file}, which holds weights of the model, is missing`, "fetch the model again");
  }
  return readSafetensors(path);
}

/** The one weight file of a folder without an index. */
function singleFile(folder: string): string {
  if (existsSync(join(folder, WEIGHTS_FILE))) return WEIGHTS_FILE;
  const names = readdirSync(folder).sort();
  const others = names.filter((name) => name.endsWith(".safetensors"));
  if (others.length === 1) return others[0] as string;
  if (others.length > 1) {
    throw incomplete(
      folder,
      `the folder has ${others.length} safetensors files (${others.slice(0, 3).join(", ")}, …) and no ${WEIGHTS_INDEX}`,
      "fetch the index too, or give a folder with one model.safetensors",
    );
  }
  const pickle = names.find((name) => PICKLES.test(name));
  if (pickle !== undefined) throw pickled(folder, pickle);
  const gguf = names.filter((name) => /\.gguf$/i.test(name));
  throw incomplete(
    folder,
    `the folder has no ${WEIGHTS_FILE}`,
    gguf.length > 0 ? `give the path of a file: ${join(folder, gguf[0] as string)}` : "fetch the model's weights too",
  );
}

/** Weights exist, in a form that is not read. @param where the folder or repository */
export function pickled(where: string, file: string): ExpectedError {
  return new ExpectedError({
    code: "model-pickle",
    message: `the weights are there as ${file} only, a Python pickle, which may run any code when it is loaded`,
    where,
    hint:
      "convert it where you trust it: AutoModel.from_pretrained(...).save_pretrained(FOLDER, " +
      "safe_serialization=True) of Python's transformers writes safetensors; or take a model that has them",
  });
}

function readModules(folder: string): Pick<HubFolder, "pooling" | "normalize"> {
  const modules = readJson(folder, "modules.json", true);
  if (modules === null) return { pooling: null, normalize: false };
  if (!Array.isArray(modules)) throw malformed(folder, "modules.json", "it is not a list");
  let pooling: HubFolder["pooling"] = null;
  let normalize = false;
  for (const module of modules as { type?: unknown; path?: unknown }[]) {
    const type = typeof module?.type === "string" ? (module.type.split(".").at(-1) as string) : "";
    if (type === "Pooling") pooling = readPooling(folder, module.path);
    else if (type === "Normalize") normalize = true;
    // Left out, it would give other embeddings than the model's own.
    else if (type !== "Transformer") {
      throw new ExpectedError({
        code: "model-modules-unsupported",
        message: `the model passes its states through a module ${showValue(module?.type ?? null)}, which Isoglyph does not have`,
        where: join(folder, "modules.json"),
        hint: "take a model of the modules Transformer, Pooling and Normalize",
      });
    }
  }
  return { pooling, normalize };
}

/** Older files have a switch for each mode, newer ones a name. */
function readPooling(folder: string, path: unknown): HubFolder["pooling"] {
  const file = `${typeof path === "string" ? path : ""}/config.json`;
  if (!isInnerPath(file)) throw malformed(folder, "modules.json", `the path ${showValue(path)} leads outside`);
  const config = readJson(folder, file);
  if (config === null)
    throw incomplete(folder, `${file}, which modules.json names, is missing`, "fetch the model again");
  const named = config.pooling_mode;
  const modes: unknown[] =
    named !== undefined
      ? [named].flat()
      : Object.keys(config).filter((key) => /^pooling_mode_/.test(key) && config[key] === true);
  const known = { mean: "mean", cls: "cls", lasttoken: "last" } as const;
  const mode = (typeof modes[0] === "string" ? modes[0] : "").replace(/^pooling_mode_(.*?)(_tokens?)?$/, "$1");
  if (modes.length !== 1 || !Object.hasOwn(known, mode)) {
    throw new ExpectedError({
      code: "model-modules-unsupported",
      message: `the model pools its states by ${modes.slice(0, 10).map(showName).join(" and ") || "nothing"}, which Isoglyph does not do`,
      where: join(folder, file),
      hint: "take a model that pools by mean, cls or last token",
    });
  }
  return known[mode as keyof typeof known];
}

/** An object in a JSON file, or with `list` whatever it holds; null where there is no such file. */
function readJson(folder: string, name: string, list = false): Record<string, unknown> | null {
  const path = join(folder, name);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isFile()) throw malformed(folder, name, "it is no file");
  if (found.size > MAX_JSON_BYTES)
    throw malformed(folder, name, `it has ${found.size} bytes, more than ${MAX_JSON_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw malformed(folder, name, `it is no JSON: ${error.message}`);
  }
  if (!list && (typeof value !== "object" || value === null || Array.isArray(value))) {
    throw malformed(folder, name, "it holds no object");
  }
  return value as Record<string, unknown>;
}

function malformed(folder: string, file: string, message: string): ExpectedError {
  return new ExpectedError({
    code: "model-folder-malformed",
    message: `${file}: ${message}`,
    where: join(folder, file),
    hint: "fetch the model again; if it comes from a converter, convert it again",
  });
}

function incomplete(folder: string, message: string, hint: string): ExpectedError {
  return new ExpectedError({ code: "model-folder-incomplete", message, where: folder, hint });
}

/**
 * The digest of several files from theirs: sha256 of one line `SHA256  NAME` a file, sorted by name. So
 * `sha256sum config.json model.safetensors | sha256sum` gives it too.
 * @param files sha256 by name
 */
export function digestOfFiles(files: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const name of [...files.keys()].sort()) hash.update(`${files.get(name)}  ${name}\n`);
  return hash.digest("hex");
}

/**
 * What identifies a folder's model: {@link digestOfFiles} of config.json and the weight files.
 * @param files the weight files, relative to the folder
 * @param progress hears how many bytes are done, of how many
 */
export async function folderDigest(
  { path, files }: Pick<HubFolder, "path" | "files">,
  signal?: AbortSignal,
  progress: (done: number, total: number) => void = () => {},
): Promise<string> {
  const names = ["config.json", ...files];
  const sizes = names.map((name) => statSync(join(path, name)).size);
  const total = sizes.reduce((a, b) => a + b, 0);
  const digests = new Map<string, string>();
  let before = 0;
  for (const [i, name] of names.entries()) {
    const from = before;
    digests.set(name, await fileDigest(join(path, name), signal, (done) => progress(from + done, total)));
    before += sizes[i] as number;
  }
  return digestOfFiles(digests);
}
