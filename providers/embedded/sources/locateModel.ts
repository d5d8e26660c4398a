/** Where a model's files lie, whatever its reference; fetched if need be. */
import { accessSync, constants, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { ExpectedError } from "../../../errors.ts";
import { cachedFolderPath, fetchFolder } from "./fetchFolder.ts";
import { cachedModelPath, type FetchOptions, fetchModel } from "./fetchModel.ts";
import { fetchFromHub } from "./hubRepository.ts";
import { type CachedHubModel, cachedHubModel } from "./hubSnapshot.ts";
import { isInPlace } from "./knownFolders.ts";
import type { HubReference, ModelReference } from "./modelReference.ts";
import { findOllamaModel } from "./ollamaStore.ts";

export interface LocatedModel {
  /** A GGUF file, or a folder as the Hugging Face Hub has them. */
  readonly kind: "gguf" | "folder";
  readonly path: string;
  /** A short name for people. */
  readonly name: string;
  /** sha256 of the GGUF file, or folderDigest of the folder, where it is known without reading all of it. */
  readonly digest: string | null;
}

/**
 * Finds the model's files. What is in the cache is used as it is: a branch of a Hub repository stays at the commit
 * that it was fetched at, until `isoglyph models pull` asks again.
 * @throws ExpectedError of fetchModel, fetchFolder, fetchFromHub, findOllamaModel; `model-file-missing`, `model-file-unreadable`.
 */
export async function locateModel(reference: ModelReference, options: FetchOptions = {}): Promise<LocatedModel> {
  if (reference.kind === "known") {
    const { known } = reference;
    return { kind: "gguf", path: await fetchModel(known, options), name: known.name, digest: known.sha256 };
  }
  if (reference.kind === "known-folder") {
    const { known } = reference;
    return { kind: "folder", path: await fetchFolder(known, options), name: known.name, digest: known.digest };
  }
  return locateAtHand(reference) ?? fetchAgain(reference as HubReference, options);
}

/** Asks the Hub even for what is in the cache: a branch may have moved. @throws ExpectedError of fetchFromHub. */
export async function fetchAgain(reference: HubReference, options: FetchOptions): Promise<LocatedModel> {
  return hubModel(reference, await fetchFromHub(reference, options));
}

/**
 * The same without the network; null where it would have to be asked. A known model's hash is not checked here.
 * @throws ExpectedError of findOllamaModel; `model-file-missing`, `model-file-unreadable`.
 */
export function locateAtHand(reference: ModelReference): LocatedModel | null {
  switch (reference.kind) {
    case "known": {
      const { known } = reference;
      const path = cachedModelPath(known);
      if (statSync(path, { throwIfNoEntry: false })?.size !== known.bytes) return null;
      return { kind: "gguf", path, name: known.name, digest: known.sha256 };
    }
    case "known-folder": {
      const { known } = reference;
      const path = cachedFolderPath(known);
      return isInPlace(known, path) ? { kind: "folder", path, name: known.name, digest: known.digest } : null;
    }
    case "hub": {
      const cached = cachedHubModel(reference);
      return cached && hubModel(reference, cached);
    }
    case "ollama": {
      const { path, reference: text, digest } = findOllamaModel(reference);
      assertReadable(path, "gguf");
      return { kind: "gguf", path, name: text.slice("ollama:".length), digest };
    }
    default: {
      const { kind, path } = reference;
      assertReadable(path, kind);
      return { kind, path, name: basename(resolve(path)).replace(/\.gguf$/i, ""), digest: null };
    }
  }
}

function hubModel(reference: HubReference, { kind, path, digest }: CachedHubModel): LocatedModel {
  const name = reference.file === null ? reference.repository : basename(reference.file).replace(/\.gguf$/i, "");
  return { kind, path, name, digest };
}

/** @throws ExpectedError `model-file-missing`, `model-file-unreadable`. */
function assertReadable(path: string, kind: LocatedModel["kind"]): void {
  const fail = (code: string, message: string, cause?: unknown) =>
    new ExpectedError({
      code,
      message,
      where: path,
      hint: "give the path of a .gguf file or of a model's folder, or a name that `isoglyph models list` shows",
      cause,
    });
  try {
    const found = statSync(path);
    // A pipe or a device would be read without end.
    if (!(kind === "folder" ? found.isDirectory() : found.isFile())) {
      throw fail("model-file-unreadable", `the model is not a ${kind === "folder" ? "folder" : "regular file"}`);
    }
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (error instanceof ExpectedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw fail("model-file-missing", "there is no such model file", error);
    throw fail("model-file-unreadable", `the model file cannot be read: ${message}`, error);
  }
}
