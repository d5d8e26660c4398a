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

/** @throws ExpectedError `tokenizer-unsupported`. */
export function ggufTokenizer(gguf: Gguf): { tokenizer: Tokenizer; digest: string } {
  const field = (key: string) => gguf.metadata.get(`tokenizer.ggml.${key}`);
  const model = field("model");
  if (model !== "gpt2") unsupported("tokenizer model", model, ["gpt2"], gguf.path);
  const pre = String(field("pre") ?? "default");
  const preTokenizer = PRE_TOKENIZERS[pre];
  if (preTokenizer === undefined) unsupported("pre-tokenizer", pre, Object.keys(PRE_TOKENIZERS), gguf.path);
  const tokens = (field("tokens") ?? []) as string[];
  const types = (field("token_type") ?? []) as number[];
  const merges = (field("merges") ?? []) as string[];
  const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const added = tokens.flatMap((content, id) =>
    types[id] === CONTROL || types[id] === USER_DEFINED
      ? [{ id, content, special: types[id] === CONTROL, single_word: false, lstrip: false, rstrip: false, normalized: false }]
      : [],
  );
  const definition = (addedTokens: object[]) => ({
    added_tokens: addedTokens,
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: vocabulary, merges: merges.map((merge) => merge.split(" ")), ignore_merges: false },
  });
  const withSpecial = new HuggingFaceTokenizer(definition(added), {});
  const plain = new HuggingFaceTokenizer(definition([]), {});
  const missing = new Set([...BYTE_SYMBOLS.keys()].filter((byte) => !(BYTE_SYMBOLS[byte] as string in vocabulary)));

  const idOf = (key: string) => (typeof field(key) === "number" ? [field(key) as number] : []);
  const endOfTurn = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>"].flatMap((token) => vocabulary[token] ?? []);
  const template = gguf.metadata.get("tokenizer.chat_template");
  const tokenizer: Tokenizer = {
    encode(text, { special = false } = {}) {
      refuseMissingBytes(text, missing, gguf.path);
      return (special ? withSpecial : plain).encode(text, { add_special_tokens: false }).ids;
    },
    decode: (ids) => withSpecial.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    begin: field("add_bos_token") === true ? idOf("bos_token_id") : [],
    end: [...new Set([...idOf("eos_token_id"), ...idOf("eot_token_id"), ...endOfTurn])],
    chat: typeof template === "string" ? chatRenderer(template, tokens, idOf("bos_token_id")[0], idOf("eos_token_id")[0]) : null,
  };
  const digest = createHash("sha256").update(JSON.stringify([model, pre, tokens, types, merges])).digest("hex");
  return { tokenizer, digest };
}

/** The reference drops a byte without a token in silence, and the model would read another text than we say. */
function refuseMissingBytes(text: string, missing: ReadonlySet<number>, path: string): void {
  if (missing.size === 0) return;
  const bytes = new TextEncoder().encode(text);
  const at = bytes.findIndex((byte) => missing.has(byte));
  if (at < 0) return;
  const before = new TextDecoder().decode(bytes.subarray(0, at)).replace(/\uFFFD$/, "");
  const character = String.fromCodePoint(text.codePointAt(before.length) ?? 0);
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  throw new ExpectedError({
    code: "text-unencodable",
    message: `the model's tokenizer has no token for byte 0x${(bytes[at] as number).toString(16)} of character U+${code}`,
    where: `character ${[...before].length + 1} of ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)} (tokenizer of ${path})`,
    hint: "remove the character, or choose a model that can read it",
  });
}

/** Templates may print today's date; it is pinned, so that the same run reads the same text tomorrow. */
const PINNED_DATE = "26 Jul 2024";

function chatRenderer(source: string, tokens: readonly string[], bos?: number, eos?: number) {
  const template = new Template(source);
  return (messages: readonly ChatMessage[]) =>
    template.render({
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: true,
      bos_token: bos === undefined ? "" : tokens[bos],
      eos_token: eos === undefined ? "" : tokens[eos],
      date_string: PINNED_DATE,
      strftime_now: () => PINNED_DATE,
    });
}
