/** What `tokenizer.ggml.model` stands for: each kind of tokenizer as the parts of a tokenizer.json. */

import type { Gguf } from "../formats/gguf.ts";
import type { AddedToken } from "./addedTokens.ts";
import { damaged, flag, list, tokenId, unsupportedField } from "./ggufFields.ts";
import { GGUF_PRE_TOKENIZERS } from "./ggufPreTokenizers.ts";
import { BYTE, CONTROL, type GgufVocabulary, textTokens, UNKNOWN, USER_DEFINED } from "./ggufVocabulary.ts";
import { spmMerges } from "./spmMerges.ts";
import type { TokenizerDefinition } from "./tokenizerPipeline.ts";
import { unigramModel } from "./unigramModel.ts";
import { bpeModel, byteToken, wordPieceModel } from "./wordModels.ts";

export interface GgufModel extends Omit<TokenizerDefinition, "file"> {
  /** Whether every text gets the begin, end and separator token where the file does not say. */
  readonly puts: { readonly bos: boolean; readonly eos: boolean; readonly sep: boolean };
  /** What names the tokenizer in its digest. */
  readonly digested: readonly unknown[];
}

const MARK = "▁";
const MAX_WORD = 100;
/** Longest piece of a unigram vocabulary, UTF-16 units; each position of a text tries all lengths. */
const MAX_PIECE = 1000;

/** `change` says in what a token differs from one that is found as it is written. */
function addedTokens(
  vocabulary: GgufVocabulary,
  change: (content: string, special: boolean) => Partial<AddedToken> = () => ({}),
): AddedToken[] {
  const { tokens, kinds } = vocabulary;
  return tokens.flatMap((content, id) => {
    const kind = kinds[id];
    if (content === "" || (kind !== CONTROL && kind !== UNKNOWN && kind !== USER_DEFINED)) return [];
    const special = kind !== USER_DEFINED;
    const options = { normalized: false, lstrip: false, rstrip: false, singleWord: false };
    return [{ id, content, special, ...options, ...change(content, special) }];
  });
}

const piecesOf = ({ tokens }: GgufVocabulary) => new Map(tokens.map((token, id) => [id, token]));

/** Pairs of tokens that join, first rank first. Each pair and what it joins to has to be a token. */
function mergePairs(merges: readonly string[], known: ReadonlyMap<string, number>, path: string): [string, string][] {
  return merges.map((merge, rank) => {
    // A token may begin with a space of its own in vocabularies that are not byte-level.
    const [left, right, ...more] = merge.split(" ");
    const paired = left !== undefined && right !== undefined && more.length === 0;
    if (!paired || ![left, right, left + right].every((token) => known.has(token))) {
      const key = `tokenizer.ggml.merges[${rank}]`;
      return damaged(path, key, JSON.stringify(merge), "not two tokens that join to a third");
    }
    return [left, right];
  });
}

/** Byte-level BPE. */
function gpt2(gguf: Gguf, vocabulary: GgufVocabulary): GgufModel {
  const pre = String(gguf.metadata.get("tokenizer.ggml.pre") ?? "default");
  const rule = Object.hasOwn(GGUF_PRE_TOKENIZERS, pre) ? GGUF_PRE_TOKENIZERS[pre] : undefined;
  if (rule === undefined) unsupportedField("pre-tokenizer", pre, Object.keys(GGUF_PRE_TOKENIZERS), gguf.path);
  const merges = list(gguf, "merges", "string");
  const { tokens, kinds, ids, path } = vocabulary;
  const pairs = mergePairs(merges, ids, path);
  const texts = new Map(textTokens(vocabulary));
  return {
    normalizer: rule.normalizer,
    preTokenizer: rule.preTokenizer,
    decoder: { type: "ByteLevel" },
    model: bpeModel(
      {
        vocabulary: texts,
        merges: pairs.filter(([left, right]) => [left, right, left + right].every((token) => texts.has(token))),
        unknown: undefined,
        byteFallback: false,
        fuseUnknown: false,
        ignoreMerges: rule.ignoreMerges,
      },
      path,
    ),
    pieces: piecesOf(vocabulary),
    has: (symbol) => texts.has(symbol),
    added: addedTokens(vocabulary),
    puts: { bos: rule.begins, eos: false, sep: rule.separates },
    digested: ["gpt2", pre, tokens, kinds, merges],
  };
}

function scored(vocabulary: GgufVocabulary): Map<string, [id: number, score: number]> {
  const { scores, path } = vocabulary;
  if (scores === null) return damaged(path, "tokenizer.ggml.scores", "missing", "though the tokenizer goes by them");
  return new Map(textTokens(vocabulary).map(([token, id]) => [token, [id, scores[id] as number]]));
}

/** Phi-3's tokens take the white space after them along, which GGUF does not say; llama.cpp knows it by the name. */
function isPhi3({ metadata }: Gguf): boolean {
  return metadata.get("general.architecture") === "phi3" || /phi-?3/i.test(String(metadata.get("general.name") ?? ""));
}

/** SentencePiece BPE: pieces join by score; characters without a piece are spelled in bytes. */
function llama(gguf: Gguf, vocabulary: GgufVocabulary): GgufModel {
  const { tokens, kinds, scores, ids, path } = vocabulary;
  const dummy = flag(gguf, "add_space_prefix") ?? true;
  const byteFallback = Array.from({ length: 256 }, (_, byte) => ids.has(byteToken(byte))).every(Boolean);
  const unknown = tokenId(gguf, "unknown_token_id", tokens.length) ?? kinds.indexOf(UNKNOWN);
  const texts = scored(vocabulary);
  const joinable = new Map([...texts].filter(([, [id]]) => kinds[id] !== BYTE));
  return {
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...(dummy ? [{ type: "Prepend", prepend: MARK }] : []),
        { type: "Replace", pattern: { String: " " }, content: MARK },
      ],
    },
    preTokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: MARK }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(dummy ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: bpeModel(
      {
        vocabulary: new Map([...texts].map(([token, [id]]) => [token, id])),
        merges: spmMerges(joinable),
        unknown: unknown === -1 ? undefined : unknown,
        byteFallback,
        fuseUnknown: true,
        ignoreMerges: false,
      },
      path,
    ),
    pieces: piecesOf(vocabulary),
    has: () => true,
    added: addedTokens(vocabulary, (content, special) => ({
      content: special ? content : content.replaceAll(MARK, " "),
      rstrip: isPhi3(gguf) && !["<unk>", "<s>", "<|endoftext|>"].includes(content),
    })),
    puts: { bos: true, eos: false, sep: false },
    digested: ["llama", dummy, tokens, kinds, scores],
  };
}

/** SentencePiece unigram, with the character map of the file. */
function t5(gguf: Gguf, vocabulary: GgufVocabulary): GgufModel {
  const { tokens, kinds, scores, path } = vocabulary;
  const dummy = flag(gguf, "add_space_prefix") ?? true;
  const collapses = flag(gguf, "remove_extra_whitespaces") ?? true;
  const texts = scored(vocabulary);
  const long = [...texts].find(([token]) => token.length > MAX_PIECE);
  if (long) damaged(path, `tokenizer.ggml.tokens[${long[1][0]}]`, `${long[0].length} long`, `more than ${MAX_PIECE}`);
  const map = gguf.metadata.has("tokenizer.ggml.precompiled_charsmap")
    ? list(gguf, "precompiled_charsmap", "number")
    : [];
  const unknown = tokenId(gguf, "unknown_token_id", tokens.length) ?? kinds.indexOf(UNKNOWN);
  const metaspace = { type: "Metaspace", replacement: MARK, prepend_scheme: dummy ? "always" : "never" };
  return {
    normalizer:
      map.length === 0
        ? null
        : { type: "Precompiled", precompiled_charsmap: Buffer.from(Int8Array.from(map).buffer).toString("base64") },
    preTokenizer: {
      type: "Sequence",
      pretokenizers: [...(collapses ? [{ type: "WhitespaceSplit" }] : []), { ...metaspace, split: true }],
    },
    decoder: metaspace,
    model: unigramModel(
      {
        pieces: texts,
        lowestScore: (scores ?? []).reduce((lowest, score) => Math.min(lowest, score), Number.POSITIVE_INFINITY),
        unknown: unknown === -1 ? undefined : unknown,
        byteFallback: false,
      },
      path,
    ),
    pieces: piecesOf(vocabulary),
    has: () => true,
    added: addedTokens(vocabulary),
    puts: { bos: false, eos: true, sep: false },
    digested: ["t5", dummy, collapses, tokens, kinds, scores, map],
  };
}

/** WordPiece. GGUF marks what begins a word with ▁ where BERT marks what continues one with ##. */
function bert(gguf: Gguf, vocabulary: GgufVocabulary): GgufModel {
  const { tokens, kinds, path } = vocabulary;
  const lowercase = flag(gguf, "normalizer.lowercase") ?? true;
  const stripAccents = flag(gguf, "normalizer.strip_accents") ?? lowercase;
  // Early conversions call all tokens normal; [CLS] and its like stand in brackets.
  const isSpecial = (id: number) => kinds[id] === CONTROL || kinds[id] === UNKNOWN;
  const original = tokens.map((token, id) => {
    if (token.startsWith(MARK)) return token.slice(MARK.length);
    return isSpecial(id) || /^\[.+\]$/u.test(token) ? token : `##${token}`;
  });
  const special = new Set(
    [
      "cls_token_id",
      "bos_token_id",
      "seperator_token_id",
      "padding_token_id",
      "mask_token_id",
      "unknown_token_id",
    ].flatMap((name) => tokenId(gguf, name, tokens.length) ?? []),
  );
  const restored: GgufVocabulary = {
    ...vocabulary,
    tokens: original,
    kinds: kinds.map((kind, id) => (special.has(id) ? CONTROL : kind)),
  };
  const texts = new Map(textTokens(restored));
  const named = original.indexOf("[UNK]");
  const unknown = tokenId(gguf, "unknown_token_id", tokens.length) ?? (named === -1 ? undefined : named);
  if (unknown === undefined) damaged(path, "tokenizer.ggml.unknown_token_id", "missing", "though WordPiece needs one");
  return {
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: stripAccents,
      lowercase,
    },
    preTokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: wordPieceModel({ vocabulary: texts, unknown, prefix: "##", longestWord: MAX_WORD }),
    pieces: piecesOf(restored),
    has: () => true,
    added: addedTokens(restored),
    puts: { bos: true, eos: false, sep: true },
    digested: ["bert", lowercase, stripAccents, tokens, kinds],
  };
}

export const GGUF_MODELS: Readonly<Record<string, (gguf: Gguf, vocabulary: GgufVocabulary) => GgufModel>> = {
  gpt2,
  llama,
  t5,
  bert,
};
