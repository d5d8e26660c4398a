import { fetchModel } from "../../providers/embedded/fetchModel.ts";
import { listModels } from "../../providers/embedded/listModels.ts";
import { openHeader } from "../../providers/embedded/modelHeader.ts";
import { parseModelReference } from "../../providers/embedded/modelReference.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

export async function listCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const models = listModels();
  if (json) {
    process.stdout.write(`${JSON.stringify(models, null, 2)}\n`);
    return;
  }
  for (const { name, isDefault, cached, bytes, licence, path } of models) {
    const state = cached ? `in the cache: ${path}` : "not fetched yet (isoglyph models pull)";
    process.stdout.write(
      `${name}${isDefault ? " (default)" : ""}, ${(bytes / 1e6).toFixed(0)} MB, ${licence}, ${state}\n`,
    );
  }
  process.stdout.write("Any GGUF file of the llama architecture can be named by its path.\n");
}

export async function pullCommand(reference: string, signal: AbortSignal): Promise<void> {
  const parsed = parseModelReference(reference);
  if (parsed.kind === "gguf") {
    process.stdout.write(`${parsed.path} is a file; there is nothing to fetch\n`);
    return;
  }
  const progress = new ProgressReporter();
  const path = await fetchModel(parsed.known, {
    progress: ({ label, done, total }) => progress.update(label, done, total, "bytes"),
    signal,
  });
  progress.clear();
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
  const { path, gguf, config, tokenizer } = header;
  const types: Record<string, number> = {};
  for (const { type } of gguf.tensors.values()) types[type] = (types[type] ?? 0) + 1;
  const name = gguf.metadata.get("general.name");
  const facts = {
    reference,
    path,
    name: typeof name === "string" ? name : null,
    ...config,
    tensors: types,
    chatTemplate: tokenizer.chat !== null,
    endTokens: tokenizer.end,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  for (const [key, value] of Object.entries(facts)) {
    process.stdout.write(`${key.padEnd(16)} ${typeof value === "object" ? JSON.stringify(value) : String(value)}\n`);
  }
}
