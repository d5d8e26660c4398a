import { statSync } from "node:fs";
import { cachedModelPath } from "./fetchModel.ts";
import { DEFAULT_MODEL, KNOWN_MODELS } from "./knownModels.ts";

export interface ListedModel {
  readonly name: string;
  readonly isDefault: boolean;
  /** Whether a file of the right size lies in the cache; its hash is checked when it is used. */
  readonly cached: boolean;
  readonly bytes: number;
  readonly licence: string;
  readonly path: string;
}

/** The models that can be asked for by name. */
export function listModels(): ListedModel[] {
  return KNOWN_MODELS.map((known) => {
    const { name, bytes, licence } = known;
    const path = cachedModelPath(known);
    const found = statSync(path, { throwIfNoEntry: false });
    return { name, isDefault: name === DEFAULT_MODEL, cached: found?.size === bytes, bytes, licence, path };
  });
}
