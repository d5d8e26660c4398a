/**
 * Reads models straight out of Ollama's store; nothing is copied, and no server is asked. A model's manifest lies at
 * `manifests/HOST/NAMESPACE/NAME/TAG` and names layers by digest; its model layer `blobs/sha256-HEX` is the GGUF
 * file, byte for byte.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { distance } from "fastest-levenshtein";
import { ExpectedError } from "../../../errors.ts";
import { type OllamaName, ollamaNameText } from "./modelReference.ts";

export interface OllamaModel {
  /** `ollama:NAME:TAG`. */
  readonly reference: string;
  /** Of the GGUF file. */
  readonly path: string;
  /** sha256 of the GGUF file, hexadecimal: the name that Ollama itself stored it under. */
  readonly digest: string;
  readonly bytes: number;
  /** Ollama's own prompt template (Go's text/template), which may differ from the model's; null where it has none. */
  readonly template: string | null;
}

/** A manifest that lies in a store; what it says is not read yet. */
export interface OllamaEntry extends OllamaName {
  readonly store: string;
}

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MODEL_LAYER = "application/vnd.ollama.image.model";
const TEMPLATE_LAYER = "application/vnd.ollama.image.template";
const ADAPTER_LAYER = "application/vnd.ollama.image.adapter";
const MAX_MANIFEST_BYTES = 16 << 20;
const MAX_TEMPLATE_BYTES = 1 << 20;
const LISTED = 20;

/** Where Ollama keeps its models: `OLLAMA_MODELS`, else its user's folder, else that of Linux's system service. */
export function ollamaStores(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string[] {
  if (env.OLLAMA_MODELS) return [env.OLLAMA_MODELS];
  const own = join(home, ".ollama", "models");
  return platform === "linux" ? [own, "/usr/share/ollama/.ollama/models"] : [own];
}

/**
 * The models of all stores, by name; of two with the same name the first counts.
 * @param unreadable hears of folders that may not be read
 */
export function ollamaEntries(unreadable: (folder: string) => void = () => {}): OllamaEntry[] {
  const found = new Map<string, OllamaEntry>();
  for (const store of ollamaStores()) {
    const names = (...parts: string[]) => namesIn(join(store, "manifests", ...parts), unreadable);
    for (const host of names())
      for (const namespace of names(host))
        for (const model of names(host, namespace))
          for (const tag of names(host, namespace, model)) {
            const entry = { store, host, namespace, model, tag };
            const key = ollamaNameText(entry);
            if (!found.has(key)) found.set(key, entry);
          }
  }
  return [...found.values()];
}

/** Entries of a folder, less hidden ones; nothing where there is no folder. */
function namesIn(folder: string, unreadable: (folder: string) => void): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    if (code !== "EACCES" && code !== "EPERM") throw error;
    unreadable(folder);
    return [];
  }
}

/**
 * Finds a model in Ollama's store. Upper and lower case are the same in names, as for Ollama.
 * @throws ExpectedError `ollama-model-missing`, `ollama-manifest-malformed`, `ollama-blob-missing`,
 *   `ollama-model-unsupported`.
 */
export function findOllamaModel(name: OllamaName): OllamaModel {
  const wanted = ollamaNameText(name);
  const closed: string[] = [];
  const entries = ollamaEntries((folder) => closed.push(folder));
  const entry =
    entries.find((candidate) => ollamaNameText(candidate) === wanted) ??
    entries.find((candidate) => ollamaNameText(candidate).toLowerCase() === wanted.toLowerCase());
  if (entry === undefined) throw missing(wanted, entries, closed);
  return readOllamaModel(entry);
}

/** What a model's manifest says. @throws ExpectedError as findOllamaModel. */
export function readOllamaModel(entry: OllamaEntry): OllamaModel {
  const { store, host, namespace, model, tag } = entry;
  const reference = ollamaNameText(entry);
  const where = join(store, "manifests", host, namespace, model, tag);
  const layers = readLayers(where, reference);
  const of = (type: string) => layers.filter(({ mediaType }) => mediaType === type);
  const [weights, ...more] = of(MODEL_LAYER);
  const other = of(ADAPTER_LAYER).length > 0 ? "an adapter on top of its weights" : null;
  if (weights === undefined || more.length > 0 || other) {
    const what = other ?? (weights ? `${more.length + 1} layers of weights` : "no GGUF layer");
    throw new ExpectedError({
      code: "ollama-model-unsupported",
      message: `${reference} has ${what}; Isoglyph reads models of one GGUF file`,
      where,
      hint: "take another tag of the model, or `hf:` or a file of it",
    });
  }
  const [template] = of(TEMPLATE_LAYER);
  const digest = weights.digest.slice("sha256:".length);
  const path = blobPath(store, weights, reference);
  return {
    reference,
    path,
    digest,
    bytes: weights.size,
    template: template ? readTemplate(store, template, reference) : null,
  };
}

function readTemplate(store: string, layer: Layer, reference: string): string {
  const path = blobPath(store, layer, reference);
  if (layer.size > MAX_TEMPLATE_BYTES) throw malformed(path, reference, `its template has ${layer.size} bytes`);
  return readFileSync(path, "utf8");
}

function readLayers(path: string, reference: string): Layer[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > MAX_MANIFEST_BYTES) {
    throw malformed(path, reference, found?.isFile() ? `it has ${found.size} bytes` : "it is no file");
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(path, reference, `it is no JSON: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    throw malformed(path, reference, message);
  }
  const layers = (manifest as { layers?: unknown } | null)?.layers;
  if (!Array.isArray(layers)) throw malformed(path, reference, "it lists no layers");
  return layers.map((layer: Partial<Layer> | null, i) => {
    const { mediaType, digest, size } = layer ?? {};
    if (typeof mediaType !== "string") throw malformed(path, reference, `layer ${i} has no mediaType`);
    if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw malformed(path, reference, `the digest of layer ${i} is ${JSON.stringify(digest)}, not sha256:HEX`);
    }
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw malformed(path, reference, `the size of layer ${i} is ${JSON.stringify(size)}`);
    }
    return { mediaType, digest, size };
  });
}

/** Path of a layer's file, which is there in the size that the manifest says. */
function blobPath(store: string, { digest, size }: Layer, reference: string): string {
  const path = join(store, "blobs", digest.replace(":", "-"));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() && found.size === size) return path;
  const name = reference.slice("ollama:".length);
  throw new ExpectedError({
    code: "ollama-blob-missing",
    message: found
      ? `a file of ${reference} has ${found.size} bytes, and its manifest says ${size}`
      : `a file of ${reference} is missing from Ollama's store`,
    where: path,
    hint: `run \`ollama pull ${name}\``,
  });
}

function malformed(path: string, reference: string, message: string): ExpectedError {
  return new ExpectedError({
    code: "ollama-manifest-malformed",
    message: `the manifest of ${reference} cannot be used: ${message}`,
    where: path,
    hint: `run \`ollama pull ${reference.slice("ollama:".length)}\``,
  });
}

function missing(wanted: string, entries: readonly OllamaEntry[], closed: readonly string[]): ExpectedError {
  const names = entries.map(ollamaNameText);
  const nearest = names.toSorted((a, b) => distance(a, wanted) - distance(b, wanted))[0];
  const rest = names.length - LISTED;
  const listed = `${names.slice(0, LISTED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  const hints = [
    ...(nearest ? [`did you mean ${nearest}? in the store: ${listed}`] : []),
    `run \`ollama pull ${wanted.slice("ollama:".length)}\``,
    ...(closed.length > 0 ? [`${closed.join(" and ")} may not be read: join its group, or set OLLAMA_MODELS`] : []),
    ...(nearest || closed.length > 0 ? [] : ["set OLLAMA_MODELS to the store's folder if it lies elsewhere"]),
  ];
  return new ExpectedError({
    code: "ollama-model-missing",
    message: `${wanted} is not in Ollama's store`,
    where: ollamaStores().join(" or "),
    hint: hints.join("; or "),
  });
}
