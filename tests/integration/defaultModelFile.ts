import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { DEFAULT_MODEL, KNOWN_MODELS } from "../../providers/embedded/sources/knownModels.ts";

/** The default model's file in the cache; null where it was never fetched. */
export function defaultModelFile(): string | null {
  const known = KNOWN_MODELS.find(({ name }) => name === DEFAULT_MODEL);
  const path = join(cacheFolder(), "models", `${known?.sha256}.gguf`);
  return existsSync(path) ? path : null;
}
