/** The `model` of a tokenizer: the ids of one word. Byte-pair merges and WordPiece run in @huggingface/tokenizers. */
import { characterWithoutToken } from "./textChecks.ts";
import { BPE, WordPiece } from "./tokenizersLibrary.ts";

export interface WordModel {
  /** @throws ExpectedError `text-unencodable` for a character that the reference would drop. */
  readonly encode: (word: string) => number[];
}

/** Stands for the unknown inside the library: half of a surrogate pair, so that no text spells it. */
const UNKNOWN = "\udfffunknown";

/** The token of a byte in a vocabulary with byte fallback. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

function libraryVocabulary(
  vocabulary: ReadonlyMap<string, number>,
  unknown: number | undefined,
): Record<string, number> {
  return Object.fromEntries(unknown === undefined ? vocabulary : [...vocabulary, [UNKNOWN, unknown]]);
}

export interface BpeOptions {
  /** Tokens that text can become: no special ones. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Pairs of tokens that join, first rank first; each part and each result is in the vocabulary. */
  readonly merges: [string, string][];
  /** The id of what has no token; undefined where there is none. */
  readonly unknown: number | undefined;
  readonly byteFallback: boolean;
  /** Whether unknown characters in a row are one token. */
  readonly fuseUnknown: boolean;
  /** Whether a word that is a token is not built by merges. */
  readonly ignoreMerges: boolean;
}

export function bpeModel(options: BpeOptions, path: string): WordModel {
  const { vocabulary, merges, unknown, byteFallback, fuseUnknown } = options;
  const model = new BPE({
    type: "BPE",
    vocab: libraryVocabulary(vocabulary, unknown),
    merges,
    ...(unknown !== undefined && { unk_token: UNKNOWN }),
    byte_fallback: byteFallback,
    ignore_merges: options.ignoreMerges,
  });
  const fallsBack = (character: string) =>
    byteFallback && [...Buffer.from(character)].every((byte) => vocabulary.has(byteToken(byte)));
  return {
    encode: (word) => {
      const whole = options.ignoreMerges ? vocabulary.get(word) : undefined;
      if (whole !== undefined) return [whole];
      if (unknown === undefined) {
        for (const character of word) {
          if (!vocabulary.has(character) && !fallsBack(character)) throw characterWithoutToken(character, path);
        }
      }
      const out: number[] = [];
      let before = "";
      for (const token of model.encode([word])) {
        if (!(fuseUnknown && token === UNKNOWN && before === UNKNOWN))
          out.push(model.tokens_to_ids.get(token) as number);
        before = token;
      }
      return out;
    },
  };
}

export interface WordPieceOptions {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly unknown: number;
  /** What a token begins with that continues a word. */
  readonly prefix: string;
  /** Longer words are unknown. */
  readonly longestWord: number;
}

/** Longest match first (Wu et al. 2016); a word with a part that has no token is unknown as a whole. */
export function wordPieceModel(options: WordPieceOptions): WordModel {
  const model = new WordPiece({
    type: "WordPiece",
    vocab: libraryVocabulary(options.vocabulary, options.unknown),
    unk_token: UNKNOWN,
    continuing_subword_prefix: options.prefix,
    max_input_chars_per_word: options.longestWord,
  });
  return { encode: (word) => model.encode([word]).map((token) => model.tokens_to_ids.get(token) as number) };
}
