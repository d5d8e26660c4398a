/** What a model reference means. One parser for all of them; it looks at the disk and never at the network. */
import { statSync } from "node:fs";
import { distance } from "fastest-levenshtein";
import { ExpectedError } from "../../../errors.ts";
import { isInnerPath } from "./innerPath.ts";
import { KNOWN_FOLDERS, type KnownFolder } from "./knownFolders.ts";
import { KNOWN_MODELS, type KnownModel } from "./knownModels.ts";

/** A model on the Hugging Face Hub. */
export interface HubReference {
  /** `owner/name`. */
  readonly repository: string;
  /** A GGUF file of the repository; null for its config.json and safetensors files. */
  readonly file: string | null;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** A model in Ollama's store. */
export interface OllamaName {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

export type ModelReference =
  | { readonly kind: "known"; readonly known: KnownModel }
  /** An encoder, which gives embeddings. */
  | { readonly kind: "known-folder"; readonly known: KnownFolder }
  /** A GGUF file; whether it exists is for the opener to say. */
  | { readonly kind: "gguf"; readonly path: string }
  /** A folder as the Hub has them. */
  | { readonly kind: "folder"; readonly path: string }
  | ({ readonly kind: "hub" } & HubReference)
  | ({ readonly kind: "ollama" } & OllamaName);

/** Kinds of reference that others answer to (openProvider.ts): there are no files here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "ollama-api:": "an Ollama server",
  "openai:": "an OpenAI-compatible server",
  "vllm:": "a vLLM server",
  "sglang:": "an SGLang server",
  "llama-server:": "a llama.cpp server",
  "hf-api:": "Hugging Face inference",
  "transformers:": "PyTorch transformers",
  "recorded:": "a recording",
};

const HUB_FORM = "hf:OWNER/REPOSITORY[/FILE.gguf][@REVISION]";
const OLLAMA_FORM = "ollama:NAME[:TAG]";
const DEFAULT_REVISION = "main";

const knownNames = () => [...KNOWN_MODELS, ...KNOWN_FOLDERS].map(({ name }) => name);

const available = () =>
  `there are ${knownNames().join(", ")}, the path of a .gguf file or of a folder from ` +
  `the Hugging Face Hub, ${HUB_FORM}, ${OLLAMA_FORM}`;

/** @throws ExpectedError `model-kind-unavailable`, `model-reference-malformed`, `model-unknown`. */
export function parseModelReference(text: string): ModelReference {
  const known = KNOWN_MODELS.find(({ name }) => name === text);
  if (known) return { kind: "known", known };
  const encoder = KNOWN_FOLDERS.find(({ name }) => name === text);
  if (encoder) return { kind: "known-folder", known: encoder };
  const prefix = /^[a-z-]+:/.exec(text)?.[0] ?? "";
  if (prefix === "hf:") return { kind: "hub", ...parseHub(text) };
  if (prefix === "ollama:") return { kind: "ollama", ...parseOllama(text) };
  const other = Object.hasOwn(ELSEWHERE, prefix) ? ELSEWHERE[prefix] : undefined;
  if (other !== undefined) throw elsewhere(text, other);
  const found = text === "" ? undefined : statSync(text, { throwIfNoEntry: false });
  if (found?.isDirectory()) return { kind: "folder", path: text };
  if (found || /\.gguf$/i.test(text) || /^[./~]|^[a-z]:\\/i.test(text)) return { kind: "gguf", path: text };
  throw unknown(text, prefix);
}

/** How a Hub reference is written. */
export function hubReferenceText({ repository, file, revision }: HubReference): string {
  return `hf:${repository}${file === null ? "" : `/${file}`}${revision === DEFAULT_REVISION ? "" : `@${revision}`}`;
}

/** How a name in Ollama's store is written, as short as Ollama itself does. */
export function ollamaNameText({ host, namespace, model, tag }: OllamaName): string {
  const library = namespace === "library" ? "" : `${namespace}/`;
  return `ollama:${host === OLLAMA_HOST ? library : `${host}/${namespace}/`}${model}:${tag}`;
}

function parseHub(text: string): HubReference {
  const at = text.lastIndexOf("@");
  const revision = at < 0 ? DEFAULT_REVISION : text.slice(at + 1);
  const path = (at < 0 ? text : text.slice(0, at)).slice("hf:".length);
  const [owner = "", name = "", ...rest] = path.split("/");
  for (const part of [owner, name]) {
    // As the Hub itself demands of names (huggingface_hub, validate_repo_id).
    if (!/^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/.test(part) || /--|\.\.|\.git$/.test(part) || part.length > 96) {
      throw misspelt(text, `${JSON.stringify(part)} is no name of the Hub`, HUB_FORM);
    }
  }
  // What git allows in names, less what no shell and no folder likes.
  if (!isInnerPath(revision) || !/^[\w./+-]{1,200}$/.test(revision) || revision.startsWith("-")) {
    throw misspelt(text, `${JSON.stringify(revision)} is no branch, tag or commit`, HUB_FORM);
  }
  const file = rest.length === 0 ? null : rest.join("/");
  if (file !== null && (!isInnerPath(file) || !/\.gguf$/i.test(file))) {
    throw misspelt(text, `${JSON.stringify(file)} is no .gguf file of a repository`, HUB_FORM);
  }
  return { repository: `${owner}/${name}`, file, revision };
}

const OLLAMA_HOST = "registry.ollama.ai";

function parseOllama(text: string): OllamaName {
  const path = text.slice("ollama:".length);
  const [, names = "", tag = "latest"] = /^(.*?)(?::([^/:]*))?$/s.exec(path) ?? [];
  const parts = names.split("/");
  const model = parts.pop() ?? "";
  const namespace = parts.pop() ?? "library";
  const host = parts.pop() ?? OLLAMA_HOST;
  const wrong = [model, namespace, tag].find((part) => !/^[A-Za-z0-9_][\w.-]{0,79}$/.test(part));
  const wrongHost = /^[A-Za-z0-9_][\w.-]{0,252}(:\d{1,5})?$/.test(host) ? undefined : host;
  const part = parts.length > 0 ? names : (wrong ?? wrongHost);
  if (part !== undefined) {
    const form = `${OLLAMA_FORM}, ollama:NAMESPACE/NAME[:TAG] or ollama:HOST/NAMESPACE/NAME[:TAG]`;
    throw misspelt(text, `${JSON.stringify(part)} is no name of Ollama's`, form);
  }
  return { host, namespace, model, tag };
}

function misspelt(text: string, reason: string, form: string): ExpectedError {
  return new ExpectedError({
    code: "model-reference-malformed",
    message: `model reference ${JSON.stringify(text)}: ${reason}`,
    hint: `the form is ${form}`,
  });
}

function elsewhere(text: string, who: string): ExpectedError {
  return new ExpectedError({
    code: "model-kind-unavailable",
    message: `model reference ${JSON.stringify(text)} is ${who}, and what is asked for needs the model's files`,
    hint: `\`run\` and \`doctor\` take it; for this, ${available()}`,
  });
}

function unknown(text: string, prefix: string): ExpectedError {
  const kinds = ["hf:", "ollama:", ...Object.keys(ELSEWHERE)];
  const candidates = prefix ? kinds : knownNames();
  const wanted = (prefix || text).toLowerCase();
  const nearest = candidates.reduce((a, b) => (distance(wanted, b) < distance(wanted, a) ? b : a));
  const close = distance(wanted, nearest) <= Math.ceil(nearest.length / 3);
  const meant = /^[\w.-]+\/[\w.-]+$/.test(text) ? `hf:${text}` : close ? nearest : null;
  return new ExpectedError({
    code: "model-unknown",
    message: text === "" ? "the model reference is empty" : `there is no model ${JSON.stringify(text)}`,
    hint: `${meant ? `did you mean ${meant}? ` : ""}${available()}`,
  });
}
