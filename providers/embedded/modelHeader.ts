import type { Tokenizer } from "../contract.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { readGguf } from "./formats/gguf.ts";
import { ggufCheckpoint } from "./ggufCheckpoint.ts";
import { hubCheckpoint } from "./hubCheckpoint.ts";
import type { Progress } from "./sources/fetchModel.ts";
import { readHubFolder } from "./sources/hubFolder.ts";
import { type LocatedModel, locateAtHand, locateModel } from "./sources/locateModel.ts";
import { parseModelReference } from "./sources/modelReference.ts";
import { ggufTokenizer } from "./tokenizer/ggufTokenizer.ts";
import { hubTokenizer } from "./tokenizer/hubTokenizer.ts";

/** What a model's files say of themselves, without its weights. */
export interface ModelHeader {
  readonly located: LocatedModel;
  readonly checkpoint: Checkpoint;
  /** Names of the weight files in a folder. */
  readonly files: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly tokenizerDigest: string;
}

/** @throws ExpectedError of readGguf, readHubFolder, the checkpoints and the tokenizers. */
function readHeader(located: LocatedModel): ModelHeader {
  if (located.kind === "folder") {
    const folder = readHubFolder(located.path);
    const { tokenizer, digest } = hubTokenizer(located.path);
    return { located, checkpoint: hubCheckpoint(folder), files: folder.files, tokenizer, tokenizerDigest: digest };
  }
  const gguf = readGguf(located.path);
  const { tokenizer, digest } = ggufTokenizer(gguf);
  return { located, checkpoint: ggufCheckpoint(gguf), files: [], tokenizer, tokenizerDigest: digest };
}

/** The header of a model, which is fetched if need be. */
export async function openHeader(
  reference: string,
  progress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<ModelHeader> {
  return readHeader(await locateModel(parseModelReference(reference), { progress, ...(signal && { signal }) }));
}

/** The header of a model that is there already; null where it would have to be fetched. */
export function headerAtHand(reference: string): ModelHeader | null {
  const located = locateAtHand(parseModelReference(reference));
  return located && readHeader(located);
}
