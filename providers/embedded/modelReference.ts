/** What a model reference means. One parser for all of them; it looks at the disk and never at the network. */
import { statSync } from "node:fs";
import { distance } from "fastest-levenshtein";
import { ExpectedError } from "../../errors.ts";
import { KNOWN_MODELS, type KnownModel } from "./knownModels.ts";

export type ModelReference =
  | { readonly kind: "known"; readonly known: KnownModel }
  /** A GGUF file; whether it exists is for the opener to say. */
  | { readonly kind: "gguf"; readonly path: string };

/** Kinds of reference that are defined, and not available yet. */
const PLANNED: Readonly<Record<string, string>> = {
  "hf:": "files on the Hugging Face Hub",
  "ollama:": "weights from Ollama's store",
  "ollama-api:": "an Ollama server",
  "openai:": "an OpenAI-compatible server",
  "hf-api:": "Hugging Face inference",
  "transformers:": "PyTorch transformers",
  "recorded:": "recorded observations",
};

const available = () =>
  `available now: ${KNOWN_MODELS.map(({ name }) => name).join(", ")}, or the path of a .gguf file`;

/** @throws ExpectedError `model-kind-unavailable`, `model-unknown`. */
export function parseModelReference(text: string): ModelReference {
  const known = KNOWN_MODELS.find(({ name }) => name === text);
  if (known) return { kind: "known", known };
  const prefix = /^[a-z-]+:/.exec(text)?.[0] ?? "";
  const planned = Object.hasOwn(PLANNED, prefix) ? PLANNED[prefix] : undefined;
  if (planned !== undefined) throw notYet(text, `${prefix} (${planned})`);
  const found = text === "" ? undefined : statSync(text, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw notYet(text, "a folder with a Hugging Face model");
  if (found || /\.gguf$/i.test(text) || /^[./~]|^[a-z]:\\/i.test(text)) return { kind: "gguf", path: text };
  throw unknown(text, prefix);
}

function notYet(text: string, kind: string): ExpectedError {
  return new ExpectedError({
    code: "model-kind-unavailable",
    message: `model reference ${JSON.stringify(text)}: ${kind} is not available in this version`,
    hint: available(),
  });
}

function unknown(text: string, prefix: string): ExpectedError {
  const candidates = prefix ? Object.keys(PLANNED) : KNOWN_MODELS.map(({ name }) => name);
  const wanted = (prefix || text).toLowerCase();
  const nearest = candidates.reduce((a, b) => (distance(wanted, b) < distance(wanted, a) ? b : a));
  const close = distance(wanted, nearest) <= Math.ceil(nearest.length / 3);
  return new ExpectedError({
    code: "model-unknown",
    message: text === "" ? "the model reference is empty" : `there is no model ${JSON.stringify(text)}`,
    hint: `${close ? `did you mean ${nearest}? ` : ""}${available()}`,
  });
}
