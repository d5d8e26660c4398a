import type { Tokenizer } from "../contract.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { type Gguf, readGguf } from "./formats/gguf.ts";
import { ggufCheckpoint } from "./ggufCheckpoint.ts";
import { hubCheckpoint } from "./hubCheckpoint.ts";
import type { Progress } from "./sources/fetchModel.ts";
import { readHubFolder } from "./sources/hubFolder.ts";
import { type LocatedModel, locateAtHand, locateModel } from "./sources/locateModel.ts";
import { parseModelReference } from "./sources/modelReference.ts";
import { ggufTokenizer } from "./tokenizer/ggufTokenizer.ts";
import { hubTokenizer } from "./tokenizer/hubTokenizer.ts";
import { withinVocabulary } from "./tokenizer/withinVocabulary.ts";

/** What a model's files say of themselves, without its weights. */
export interface ModelHeader {
  readonly located: LocatedModel;
  readonly checkpoint: Checkpoint;
  /** Names of the weight files in a folder. */
  readonly files: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly tokenizerDigest: string;
}

/**
 * The tokenizer is built when it is first asked for: it takes longer than all the rest.
 * @throws ExpectedError of readGguf, readHubFolder and the checkpoints; the tokenizers', when it is asked for
 */
function readHeader(located: LocatedModel): ModelHeader {
  const folder = located.kind === "folder" ? readHubFolder(located.path) : null;
  const gguf = folder ? null : readGguf(located.path);
  let built: { readonly tokenizer: Tokenizer; readonly digest: string } | null = null;
  const checkpoint = folder ? hubCheckpoint(folder) : ggufCheckpoint(gguf as Gguf);
  const build = () => {
    if (built === null) {
      const { tokenizer, digest } = gguf ? ggufTokenizer(gguf) : hubTokenizer(located.path);
      built = { tokenizer: withinVocabulary(tokenizer, checkpoint.config.vocabulary, located.path), digest };
    }
    return built;
  };
  return {
    located,
    checkpoint,
    files: folder?.files ?? [],
    get tokenizer() {
      return build().tokenizer;
    },
    get tokenizerDigest() {
      return build().digest;
    },
  };
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
