import { openHeader } from "../../providers/embedded/modelHeader.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { ProgressReporter } from "./ProgressReporter.ts";

export interface TokensCommandOptions {
  readonly text: string;
  readonly tokenizer: readonly string[];
  readonly json?: boolean;
}

export async function tokensCommand(
  { text, tokenizer, json }: TokensCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const progress = new ProgressReporter();
  const references = tokenizer.length > 0 ? tokenizer : [DEFAULT_MODEL];
  const characters = [...text].length;
  const rows = [];
  for (const reference of references) {
    const { tokenizer: own } = await openHeader(
      reference,
      ({ label, done, total }) => progress.update(label, done, total, "bytes"),
      signal,
    );
    const ids = own.encode(text);
    rows.push({ tokenizer: reference, tokens: ids.length, characters, ids, pieces: ids.map((id) => own.decode([id])) });
  }
  progress.clear();
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  for (const { tokenizer: name, tokens, ids, pieces } of rows) {
    const each = characters === 0 ? "" : `, ${(tokens / characters).toFixed(2)} a character`;
    process.stdout.write(`${name}: ${tokens} tokens for ${characters} characters${each}\n`);
    // A token may hold part of a character, which cannot be shown alone.
    const shown = ids.map(
      (id, i) => `${id} ${pieces[i]?.includes("\uFFFD") ? "(part of a character)" : JSON.stringify(pieces[i])}`,
    );
    process.stdout.write(shown.map((line) => `  ${line}\n`).join(""));
  }
}
