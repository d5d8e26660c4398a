import { statSync } from "node:fs";
import { ExpectedError } from "../../../errors.ts";
import { cachedFolderPath } from "./fetchFolder.ts";
import { cachedModelPath } from "./fetchModel.ts";
import { cachedHubModels } from "./hubSnapshot.ts";
import { folderBytes, isInPlace, KNOWN_FOLDERS } from "./knownFolders.ts";
import { DEFAULT_MODEL, KNOWN_MODELS } from "./knownModels.ts";
import { hubReferenceText, ollamaNameText } from "./modelReference.ts";
import { ollamaEntries, readOllamaModel } from "./ollamaStore.ts";

export interface ListedModel {
  /** The reference that it is asked for by. */
  readonly name: string;
  readonly source: "known" | "hub" | "ollama";
  readonly isDefault: boolean;
  /** Whether its files lie there in their sizes; a known model's hash is checked when it is used. */
  readonly cached: boolean;
  /** null where a manifest of Ollama's does not say. */
  readonly bytes: number | null;
  /** SPDX identifier; null where nobody looked it up. */
  readonly licence: string | null;
  /** Of the file or folder; null where there is none. */
  readonly path: string | null;
  /** Why it cannot be used; null where nothing is known against it. */
  readonly problem: string | null;
}

/** The models that can be asked for by name, those fetched from the Hub, and those in Ollama's store. */
export function listModels(): ListedModel[] {
  const known = KNOWN_MODELS.map((model): ListedModel => {
    const { name, bytes, licence } = model;
    const path = cachedModelPath(model);
    const cached = statSync(path, { throwIfNoEntry: false })?.size === bytes;
    return { name, source: "known", isDefault: name === DEFAULT_MODEL, cached, bytes, licence, path, problem: null };
  });
  const encoders = KNOWN_FOLDERS.map((model): ListedModel => {
    const path = cachedFolderPath(model);
    const { name, licence } = model;
    const common = { source: "known", isDefault: false, problem: null } as const;
    return { ...common, name, cached: isInPlace(model, path), bytes: folderBytes(model), licence, path };
  });
  const hub = cachedHubModels().map(
    ({ reference, path, bytes }): ListedModel => ({
      name: hubReferenceText(reference),
      source: "hub",
      isDefault: false,
      cached: true,
      bytes,
      licence: null,
      path,
      problem: null,
    }),
  );
  return [...known, ...encoders, ...hub, ...ollamaModels()];
}

function ollamaModels(): ListedModel[] {
  return ollamaEntries().map((entry) => {
    const common = { name: ollamaNameText(entry), source: "ollama", isDefault: false, licence: null } as const;
    try {
      const { path, bytes } = readOllamaModel(entry);
      return { ...common, cached: true, bytes, path, problem: null };
    } catch (error) {
      // The others are still worth a list.
      if (!(error instanceof ExpectedError)) throw error;
      return { ...common, cached: false, bytes: null, path: null, problem: error.message };
    }
  });
}
