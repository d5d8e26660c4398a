/** A tokenizer from the metadata of a GGUF file, run by @huggingface/tokenizers. */
import { createHash } from "node:crypto";
import { Template } from "@huggingface/jinja";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { ExpectedError } from "../../errors.ts";
import type { ChatMessage, Tokenizer } from "../contract.ts";
import type { Gguf } from "./gguf.ts";

const CONTROL = 3;
const USER_DEFINED = 4;

/** Splitting before byte-pair merges, by GGUF's `tokenizer.ggml.pre`. */
const PRE_TOKENIZERS: Readonly<Record<string, object>> = {
  smollm: {
    type: "Sequence",
    pretokenizers: [
      // The reference's Digits splits at every character of Unicode's category N, not only at 0–9 and their like.
      { type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
};

/** The printable stand-ins of bytes in byte-level BPE (Radford et al. 2019, encoder.py, bytes_to_unicode). */
const BYTE_SYMBOLS = (() => {
  const symbols: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    symbols.push(String.fromCharCode(printable ? byte : next++));
  }
  return symbols;
})();

function unsupported(key: string, value: unknown, supported: readonly string[], path: string): never {
  throw new ExpectedError({
    code: "tokenizer-unsupported",
    message: `${key} ${String(value)} is not supported`,
    where: path,
    hint: `supported: ${supported.join(", ")}`,
  });
}

function damaged(path: string, key: string, value: unknown, rule: string): never {
  throw new ExpectedError({
    code: "gguf-field",
    message: `metadata ${key} is ${String(value)}, ${rule}`,
    where: path,
    hint: "fetch or convert the model again",
  });
}

interface ElementTypes {
  readonly string: string;
  readonly number: number;
}

/** The array `key` of the file. */
function list<T extends keyof ElementTypes>(gguf: Gguf, key: string, type: T): readonly ElementTypes[T][] {
  const value = gguf.metadata.get(key);
  if (!Array.isArray(value)) return damaged(gguf.path, key, value ?? "missing", `not an array of ${type}s`);
  const at = value.findIndex((element) => typeof element !== type);
  if (at >= 0) damaged(gguf.path, `${key}[${at}]`, value[at], `not a ${type}`);
  return value as readonly ElementTypes[T][];
}

/** Pairs of tokens that join, first rank first. Each pair and what it joins to has to be a token. */
function mergePairs(
  merges: readonly string[],
  vocabulary: ReadonlyMap<string, number>,
  path: string,
): [string, string][] {
  return merges.map((merge, rank) => {
    const [left, right, ...more] = merge.split(" ");
    const known = left !== undefined && right !== undefined && more.length === 0;
    if (!known || ![left, right, left + right].every((token) => vocabulary.has(token))) {
      return damaged(
        path,
        `tokenizer.ggml.merges[${rank}]`,
        JSON.stringify(merge),
        "not two tokens that join to a third",
      );
    }
    return [left, right];
  });
}

/** @throws ExpectedError `tokenizer-unsupported`, `gguf-field`. */
export function ggufTokenizer(gguf: Gguf): { tokenizer: Tokenizer; digest: string } {
  const field = (key: string) => gguf.metadata.get(`tokenizer.ggml.${key}`);
  const model = field("model");
  if (model !== "gpt2") unsupported("tokenizer model", model, ["gpt2"], gguf.path);
  const pre = String(field("pre") ?? "default");
  const preTokenizer = Object.hasOwn(PRE_TOKENIZERS, pre) ? PRE_TOKENIZERS[pre] : undefined;
  if (preTokenizer === undefined) unsupported("pre-tokenizer", pre, Object.keys(PRE_TOKENIZERS), gguf.path);
  const tokens = list(gguf, "tokenizer.ggml.tokens", "string");
  const types = list(gguf, "tokenizer.ggml.token_type", "number");
  if (types.length !== tokens.length)
    damaged(gguf.path, "tokenizer.ggml.token_type", `${types.length} long`, `not ${tokens.length} like the tokens`);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = list(gguf, "tokenizer.ggml.merges", "string");
  const vocabulary = Object.fromEntries(ids);
  const added = tokens.flatMap((content, id) =>
    types[id] === CONTROL || types[id] === USER_DEFINED
      ? [
          {
            id,
            content,
            special: types[id] === CONTROL,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
          },
        ]
      : [],
  );
  const definition = (addedTokens: object[]) => ({
    added_tokens: addedTokens,
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: vocabulary, merges: mergePairs(merges, ids, gguf.path), ignore_merges: false },
  });
  const withSpecial = new HuggingFaceTokenizer(definition(added), {});
  const plain = new HuggingFaceTokenizer(definition([]), {});
  const missing = new Set([...BYTE_SYMBOLS.keys()].filter((byte) => !ids.has(BYTE_SYMBOLS[byte] as string)));

  const idOf = (key: string): number[] => {
    const id = field(key);
    if (id === undefined) return [];
    if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < tokens.length) return [id];
    return damaged(gguf.path, `tokenizer.ggml.${key}`, id, `not the id of one of the ${tokens.length} tokens`);
  };
  const endOfTurn = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>"].flatMap((token) => ids.get(token) ?? []);
  const beginsWith = field("add_bos_token") === true;
  if (beginsWith && field("bos_token_id") === undefined)
    damaged(gguf.path, "tokenizer.ggml.bos_token_id", "missing", "though every text begins with it");
  const template = gguf.metadata.get("tokenizer.chat_template");
  const tokenizer: Tokenizer = {
    encode(text, { special = false } = {}) {
      refuseLoneSurrogates(text);
      refuseMissingBytes(text, missing, gguf.path);
      return (special ? withSpecial : plain).encode(text, { add_special_tokens: false }).ids;
    },
    // The library refuses to decode nothing.
    decode: (some) =>
      some.length === 0
        ? ""
        : withSpecial.decode([...some], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    begin: beginsWith ? idOf("bos_token_id") : [],
    end: [...new Set([...idOf("eos_token_id"), ...idOf("eot_token_id"), ...endOfTurn])],
    chat:
      typeof template === "string"
        ? chatRenderer(template, tokens, idOf("bos_token_id")[0], idOf("eos_token_id")[0], gguf.path)
        : null,
  };
  const digest = createHash("sha256")
    .update(JSON.stringify([model, pre, tokens, types, merges]))
    .digest("hex");
  return { tokenizer, digest };
}

/** The reference drops a byte without a token in silence, and the model would read another text than we say. */
function refuseMissingBytes(text: string, missing: ReadonlySet<number>, path: string): void {
  if (missing.size === 0) return;
  const encoder = new TextEncoder();
  if (!encoder.encode(text).some((byte) => missing.has(byte))) return;
  [...text].forEach((character, index) => {
    const byte = encoder.encode(character).find((part) => missing.has(part));
    if (byte === undefined) return;
    throw new ExpectedError({
      code: "text-unencodable",
      message: `the model's tokenizer has no token for byte 0x${byte.toString(16).padStart(2, "0")} of character ${codePoint(character)}`,
      where: `${place(text, index)} (tokenizer of ${path})`,
      hint: "remove the character, or choose a model that can read it",
    });
  });
}

/** Encoding to UTF-8 would replace it by U+FFFD, which is another text too. */
function refuseLoneSurrogates(text: string): void {
  if (text.isWellFormed()) return;
  const characters = [...text];
  const index = characters.findIndex((character) => !character.isWellFormed());
  throw new ExpectedError({
    code: "text-unencodable",
    message: `${codePoint(characters[index] as string)} is half of a surrogate pair, and no character`,
    where: place(text, index),
    hint: "the text was cut inside a character, or read with the wrong encoding",
  });
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Where the character `index` stands, counted from 0 in characters, not in UTF-16 units. */
function place(text: string, index: number): string {
  return `character ${index + 1} of ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}`;
}

/** Templates may print today's date; it is pinned, so that the same run reads the same text tomorrow. */
const PINNED_DATE = "26 Jul 2024";
/** The renderer brings a clock of its own, which only an assignment replaces. The line leaves nothing in the output. */
const PIN_CLOCK = "{% set strftime_now = pinned_now %}\n";

function chatRenderer(
  source: string,
  tokens: readonly string[],
  bos: number | undefined,
  eos: number | undefined,
  path: string,
) {
  return (messages: readonly ChatMessage[]) => {
    try {
      return new Template(PIN_CLOCK + source).render({
        messages: messages.map((message) => ({ ...message })),
        add_generation_prompt: true,
        bos_token: bos === undefined ? "" : tokens[bos],
        eos_token: eos === undefined ? "" : tokens[eos],
        date_string: PINNED_DATE,
        pinned_now: () => PINNED_DATE,
      });
    } catch (error) {
      // Templates raise errors of their own, against an order of roles for one.
      throw new ExpectedError({
        code: "chat-template-failed",
        message: `the model's chat template refuses the conversation: ${error instanceof Error ? error.message : String(error)}`,
        where: path,
        hint: "choose a frame without a chat, or another model",
        cause: error,
      });
    }
  };
}
