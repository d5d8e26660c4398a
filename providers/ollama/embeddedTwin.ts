/** The same weights in the embedded engine, which shows what no server does: hidden states and prompt logits. */
import { ExpectedError } from "../../errors.ts";
import type { ServedIdentity, TextProvider } from "../contract.ts";
import { parseModelReference } from "../embedded/sources/modelReference.ts";
import { findOllamaModel, type OllamaModel } from "../embedded/sources/ollamaStore.ts";

export interface EmbeddedTwin {
  /** For openModel: `ollama:NAME:TAG`. */
  readonly reference: string;
  /** sha256 of the GGUF file, hexadecimal: the server's and the file's. */
  readonly digest: string;
}

/**
 * Finds in Ollama's store on this machine the file that the server computes with.
 * @throws ExpectedError `ollama-digest-unknown` where the server does not name its file, `ollama-digest-mismatch` where
 *   the store's is another one; those of findOllamaModel.
 */
export function embeddedTwin({ identity }: Pick<TextProvider, "identity">): EmbeddedTwin {
  const reference = `ollama:${identity.name}`;
  if (identity.digest === null) {
    throw new ExpectedError({
      code: "ollama-digest-unknown",
      message: `the server does not say which file ${identity.name} is, so no file can be held against it`,
      where: identity.reference,
      hint: `measure ${reference} by itself, or take a model of one GGUF file`,
    });
  }
  const parsed = parseModelReference(reference);
  if (parsed.kind !== "ollama") throw new Error(`${reference} is no name in Ollama's store`);
  const found = findOllamaModel(parsed);
  checkSame(identity, found);
  return { reference: found.reference, digest: found.digest };
}

/** @throws ExpectedError `ollama-digest-mismatch` */
function checkSame(served: ServedIdentity, stored: OllamaModel): void {
  if (served.digest === stored.digest) return;
  throw new ExpectedError({
    code: "ollama-digest-mismatch",
    message: `the server computes with sha256 ${served.digest}, and the file in the store is sha256 ${stored.digest}`,
    where: stored.path,
    hint: `run \`ollama pull ${served.name}\` on both machines, or set OLLAMA_MODELS to the server's store`,
  });
}
