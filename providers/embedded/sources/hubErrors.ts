/** What fetching from the Hub tells the user when it fails. */
import { distance } from "fastest-levenshtein";
import { EXIT, ExpectedError } from "../../../errors.ts";
import { waysToTheHub } from "./fetchErrors.ts";
import { hubHost } from "./hubAccess.ts";
import { repositoryFolder } from "./hubSnapshot.ts";
import { type HubReference, hubReferenceText } from "./modelReference.ts";
import type { SourceFailed } from "./modelSource.ts";

const LISTED = 30;

/** Not in the cache, and nobody may be asked. @param variable what forbids it */
export function hubOffline(reference: HubReference, variable: string): ExpectedError {
  return new ExpectedError({
    code: "model-unavailable",
    message: `${hubReferenceText(reference)} is not in the cache, and ${variable} is set, so nobody was asked`,
    where: repositoryFolder(reference.repository),
    hint: `unset ${variable}; or, where the Hub can be reached, run \`isoglyph models pull ${hubReferenceText(reference)}\``,
    exit: EXIT.incomplete,
  });
}

/** The Hub refused, or could not be asked. */
export function hubFailure({ message, response }: SourceFailed, reference: HubReference): ExpectedError {
  const name = hubReferenceText(reference);
  const { repository, revision } = reference;
  const status = response?.status ?? 0;
  const code = response?.headers.get("x-error-code") ?? "";
  // Of the listing: a listed file that is missing is the server's fault.
  if (status === 404 && response?.url.includes("/api/models/")) {
    const missing =
      code === "RevisionNotFound"
        ? `${repository} has no revision ${JSON.stringify(revision)}`
        : `there is no ${repository}${revision === "main" ? "" : ` at ${revision}`}`;
    return new ExpectedError({
      code: "model-unknown",
      message: `${name}: ${missing} (${hubHost()}: ${message})`,
      hint: `look it up: https://huggingface.co/${repository}`,
    });
  }
  if (status === 401 || status === 403) {
    return new ExpectedError({
      code: "model-unavailable",
      message:
        code === "GatedRepo"
          ? `${name}: its owner gives access on request only (${hubHost()}: ${message})`
          : `${name}: it does not exist, or is not open to everybody (${hubHost()}: ${message})`,
      hint:
        `check the name; ask for access at https://huggingface.co/${repository}; then set HF_TOKEN to a token ` +
        "with read access",
      exit: EXIT.incomplete,
    });
  }
  const ways =
    status === 429 || status >= 500
      ? ["try again later", "set HF_TOKEN, which raises the Hub's limits"]
      : waysToTheHub();
  return new ExpectedError({
    code: "model-unavailable",
    message: `${name} could not be fetched from the Hugging Face Hub (${hubHost()}): ${message}`,
    where: repositoryFolder(repository),
    hint: [...ways, `download the files by hand and give the folder's path as the model`].join("; or "),
    exit: EXIT.incomplete,
  });
}

/** The repository lacks the file that was asked for. */
export function unknownFile(reference: HubReference, names: readonly string[]): ExpectedError {
  const file = reference.file ?? "";
  const ggufs = names.filter((name) => /\.gguf$/i.test(name));
  const nearest = ggufs.toSorted((a, b) => distance(a, file) - distance(b, file))[0];
  return new ExpectedError({
    code: "model-unknown",
    message: `${reference.repository} at ${reference.revision} has no file ${JSON.stringify(file)}`,
    hint: nearest
      ? `did you mean ${hubReferenceText({ ...reference, file: nearest })}? its .gguf files: ${some(ggufs)}`
      : "it has no .gguf file at all",
  });
}

/** llama.cpp's way to cut large files; the first part alone is no model. */
export function splitFile(reference: HubReference): ExpectedError {
  return new ExpectedError({
    code: "model-split",
    message: `${hubReferenceText(reference)} is one part of several, and Isoglyph reads whole GGUF files only`,
    hint: "take a file that is not split, or merge the parts with llama.cpp's `llama-gguf-split --merge` and give the result's path",
  });
}

/** No file was named, and the repository is no folder of safetensors. */
export function noWeights(reference: HubReference, names: readonly string[]): ExpectedError {
  const ggufs = names.filter((name) => /\.gguf$/i.test(name));
  if (ggufs.length > 0) {
    return new ExpectedError({
      code: "model-file-needed",
      message: `${reference.repository} holds GGUF files; say which one`,
      hint: `one of: ${some(ggufs.map((file) => hubReferenceText({ ...reference, file })))}`,
    });
  }
  return new ExpectedError({
    code: "model-folder-incomplete",
    message: `${reference.repository} at ${reference.revision} has no config.json with model.safetensors, and no .gguf file`,
    hint: `its files: ${some(names)}`,
  });
}

function some(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
