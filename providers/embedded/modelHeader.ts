import { existsSync } from "node:fs";
import type { Tokenizer } from "../contract.ts";
import { type DecoderConfig, decoderConfig } from "./decoderConfig.ts";
import { cachedModelPath, fetchModel, type Progress } from "./fetchModel.ts";
import { type Gguf, readGguf } from "./gguf.ts";
import { ggufTokenizer } from "./ggufTokenizer.ts";
import { parseModelReference } from "./modelReference.ts";

export interface ModelHeader {
  readonly path: string;
  readonly gguf: Gguf;
  readonly config: DecoderConfig;
  readonly tokenizer: Tokenizer;
}

/** What a model file says of itself, without its weights. */
function readHeader(path: string): ModelHeader {
  const gguf = readGguf(path);
  return { path, gguf, config: decoderConfig(gguf), tokenizer: ggufTokenizer(gguf).tokenizer };
}

/** The header of a model, which is fetched if need be. */
export async function openHeader(
  reference: string,
  progress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<ModelHeader> {
  const parsed = parseModelReference(reference);
  return readHeader(
    parsed.kind === "known" ? await fetchModel(parsed.known, { progress, ...(signal && { signal }) }) : parsed.path,
  );
}

/** The header of a model that is there already; null where it would have to be fetched. */
export function headerAtHand(reference: string): ModelHeader | null {
  const parsed = parseModelReference(reference);
  const path = parsed.kind === "known" ? cachedModelPath(parsed.known) : parsed.path;
  return parsed.kind === "known" && !existsSync(path) ? null : readHeader(path);
}
