import { openHeader } from "../../providers/embedded/modelHeader.ts";
import { type ListedModel, listModels } from "../../providers/embedded/sources/listModels.ts";
import { fetchAgain, locateAtHand, locateModel } from "../../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../../providers/embedded/sources/modelReference.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

export async function listCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const models = listModels();
  if (json) {
    process.stdout.write(`${JSON.stringify(models, null, 2)}\n`);
    return;
  }
  for (const model of models) process.stdout.write(`${lineOf(model)}\n`);
  process.stdout.write(
    "Also: the path of a .gguf file or of a folder from the Hugging Face Hub, " +
      "hf:OWNER/REPOSITORY[/FILE.gguf][@REVISION], ollama:NAME[:TAG].\n",
  );
}

function lineOf({ name, source, isDefault, cached, bytes, licence, path, problem }: ListedModel): string {
  const place = source === "ollama" ? "in Ollama's store" : "in the cache";
  const state = problem ?? (cached ? `${place}: ${path}` : "not fetched yet (isoglyph models pull)");
  const size = bytes === null ? [] : [`${(bytes / 1e6).toFixed(0)} MB`];
  return [`${name}${isDefault ? " (default)" : ""}`, ...size, ...(licence ? [licence] : []), state].join(", ");
}

export async function pullCommand(reference: string, signal: AbortSignal): Promise<void> {
  const parsed = parseModelReference(reference);
  if (parsed.kind !== "known" && parsed.kind !== "known-folder" && parsed.kind !== "hub") {
    const path = locateAtHand(parsed)?.path;
    process.stdout.write(`${reference}: ${path} is on this machine; there is nothing to fetch\n`);
    return;
  }
  const reporter = new ProgressReporter();
  const options = {
    progress: ({ label, done, total }: { label: string; done: number; total: number }) =>
      reporter.update(label, done, total, "bytes"),
    signal,
  };
  const { path } = parsed.kind === "hub" ? await fetchAgain(parsed, options) : await locateModel(parsed, options);
  reporter.clear();
  process.stdout.write(`${reference}: ${path}\n`);
}

export async function showCommand(
  reference: string,
  { json }: { readonly json?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const progress = new ProgressReporter();
  const header = await openHeader(
    reference,
    ({ label, done, total }) => progress.update(label, done, total, "bytes"),
    signal,
  );
  progress.clear();
  const { located, checkpoint, tokenizer } = header;
  const types: Record<string, number> = {};
  for (const { type } of checkpoint.weights.values()) types[type] = (types[type] ?? 0) + 1;
  const facts = {
    reference,
    name: located.name,
    path: located.path,
    format: checkpoint.format,
    sha256: located.digest,
    ...checkpoint.config,
    tensors: types,
    chatTemplate: tokenizer.chat !== null,
    endTokens: tokenizer.end,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  for (const [key, value] of Object.entries(facts)) {
    process.stdout.write(`${key.padEnd(18)} ${typeof value === "object" ? JSON.stringify(value) : String(value)}\n`);
  }
}
