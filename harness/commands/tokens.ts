/** What a text costs in tokens, or which symbols cost one token each. */
import { ExpectedError } from "../../errors.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { writeWhole } from "../../writeWhole.ts";
import { countedTexts } from "./countedTexts.ts";
import { type CountingTokenizer, openTokenizer, TOKENIZER_NAMES } from "./namedTokenizers.ts";
import { oneTokenHanzi } from "./oneTokenHanzi.ts";
import { ProgressReporter } from "./ProgressReporter.ts";
import { wholeNumber } from "./terminal.ts";

export interface TokensCommandOptions {
  readonly text?: string;
  readonly file?: string;
  readonly alphabet?: string;
  readonly alone?: boolean;
  readonly tokenizer: readonly string[];
  readonly summary?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export async function tokensCommand(options: TokensCommandOptions, signal: AbortSignal): Promise<void> {
  refuseMixed(options);
  const { text, file, alphabet } = options;
  const size = alphabet === undefined ? null : wholeNumber("--alphabet", alphabet);
  const texts = file === undefined ? [text ?? ""] : await countedTexts(file);
  const progress = new ProgressReporter();
  const tokenizers: CountingTokenizer[] = [];
  for (const reference of options.tokenizer.length > 0 ? options.tokenizer : [DEFAULT_MODEL]) {
    const report = ({ label, done, total }: { label: string; done: number; total: number }) =>
      progress.update(label, done, total, "bytes");
    tokenizers.push(await openTokenizer(reference, report, signal).catch(withNames));
  }
  if (size !== null) writeAlphabet(size, tokenizers, options, progress, signal);
  else if (file === undefined) writeText(texts[0] as string, tokenizers, options);
  else writeTexts(texts, tokenizers, options);
  progress.clear();
}

function refuseMixed({ text, file, alphabet, alone, out }: TokensCommandOptions): void {
  const given = [text, file, alphabet].filter((value) => value !== undefined);
  const message =
    given.length !== 1
      ? `--text, --file, --alphabet: one of them is needed, ${given.length} were given`
      : alphabet === undefined && (alone || out !== undefined)
        ? `${alone ? "--alone" : "--out"} belongs to --alphabet`
        : null;
  if (message !== null) throw new ExpectedError({ code: "usage", message, hint: "see isoglyph tokens --help" });
}

/** Whoever misspells a tokenizer's name is told those that are no model's. */
function withNames(error: unknown): never {
  if (!(error instanceof ExpectedError) || error.code !== "model-unknown") throw error;
  const { code, message, hint, exit } = error;
  throw new ExpectedError({
    code,
    message,
    hint: `tokenizers by name: ${TOKENIZER_NAMES.join(", ")}; models: ${hint ?? ""}`,
    exit,
    cause: error,
  });
}

const characters = (text: string) => [...text].length;
const rate = (tokens: number, count: number) => (count === 0 ? "" : `, ${(tokens / count).toFixed(2)} a character`);

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

function printJson(value: unknown): void {
  print([JSON.stringify(value, null, 2)]);
}

function writeText(
  text: string,
  tokenizers: readonly CountingTokenizer[],
  { json, summary }: TokensCommandOptions,
): void {
  const rows = tokenizers.map(({ name, encode, decode }) => {
    const ids = encode(text);
    const counted = { tokenizer: name, tokens: ids.length, characters: characters(text) };
    return summary ? counted : { ...counted, ids, pieces: ids.map((id) => decode([id])) };
  });
  if (json) {
    printJson(rows);
    return;
  }
  for (const row of rows) {
    const { tokenizer, tokens } = row;
    print([`${tokenizer}: ${tokens} tokens for ${row.characters} characters${rate(tokens, row.characters)}`]);
    if ("ids" in row) print(row.ids.map((id, i) => `  ${id} ${piece(row.pieces[i] as string)}`));
  }
}

/** A token may hold part of a character, which cannot be shown alone. */
function piece(text: string): string {
  return text === "" || text.includes("\uFFFD") ? "(part of a character)" : JSON.stringify(text);
}

function writeTexts(
  texts: readonly string[],
  tokenizers: readonly CountingTokenizer[],
  { json, summary }: TokensCommandOptions,
): void {
  const lengths = texts.map(characters);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const total = sum(lengths);
  const rows = tokenizers.map(({ name, encode }) => {
    const tokens = texts.map((text) => encode(text).length);
    const all = sum(tokens);
    return {
      ...{ tokenizer: name, texts: texts.length, characters: total, tokens: all, tokensPerText: all / texts.length },
      tokensPerCharacter: total === 0 ? null : all / total,
      ...(!summary && { each: tokens.map((count, i) => ({ tokens: count, characters: lengths[i] as number })) }),
    };
  });
  if (json) {
    printJson(rows);
    return;
  }
  for (const { tokenizer, tokens, tokensPerText, each } of rows) {
    const mean = `${tokensPerText.toFixed(2)} a text, ${(total / texts.length).toFixed(1)} characters each`;
    print([`${tokenizer}: ${texts.length} texts, ${tokens} tokens (${mean})${rate(tokens, total)}`]);
    if (each) print(each.map((one, i) => `  ${i + 1}: ${one.tokens} tokens for ${one.characters} characters`));
  }
}

function writeAlphabet(
  size: number,
  tokenizers: readonly CountingTokenizer[],
  { alone = false, out, json }: TokensCommandOptions,
  progress: ProgressReporter,
  signal: AbortSignal,
): void {
  const report = (done: number) => {
    signal.throwIfAborted();
    progress.update("symbols", done, size);
  };
  const alphabet = oneTokenHanzi(tokenizers, size, { alone, progress: report });
  progress.clear();
  const content = `${JSON.stringify(alphabet, null, 2)}\n`;
  if (out !== undefined) writeWhole(out, content);
  if (json) process.stdout.write(content);
  else print([`${alphabet.symbols}\n${alphabet.source}${out === undefined ? "" : `\nwritten to ${out}`}`]);
}
