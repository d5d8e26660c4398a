/**
 * A tokenizer put together of its parts, as `tokenizers` runs a tokenizer.json: added tokens are found, the text
 * between them is normalised, cut into words, and each word encoded by the model.
 *
 * The library @huggingface/tokenizers has a class for the whole; used here are those of its parts that agree with the
 * reference (byte-pair merges, WordPiece, translation of expressions). In 0.2.0 the others do not: its Metaspace does
 * not cut, Precompiled ignores the file's map, BertNormalizer keeps some control characters and misses ideographs beyond
 * U+FFFF, Digits knows ASCII only, Split merges with neither side, lower case depends on neighbours, unknown tokens fuse
 * across words, single_word is ignored, special tokens are found in every text, and bytes lose a byte order mark.
 */
import { ExpectedError } from "../../../errors.ts";
import type { Tokenizer } from "../../contract.ts";
import { type AddedToken, addedTokenFinder } from "./addedTokens.ts";
import { BYTE_SYMBOLS } from "./byteSymbols.ts";
import { normalizer } from "./normalizers.ts";
import { preTokenizer } from "./preTokenizers.ts";
import { refuseLoneSurrogates, refuseMissingBytes } from "./textChecks.ts";
import { tokenDecoder } from "./tokenDecoders.ts";
import { OutOfTime, withinTime } from "./withinTime.ts";
import type { WordModel } from "./wordModels.ts";

export interface TokenizerDefinition {
  readonly file: string;
  /** As in a tokenizer.json. */
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  readonly decoder: unknown;
  readonly model: WordModel;
  /** The texts of all ids but those of added tokens. */
  readonly pieces: ReadonlyMap<number, string>;
  /** Whether the model has a token for each symbol that it is given, or one for the unknown. */
  readonly has: (symbol: string) => boolean;
  readonly added: readonly AddedToken[];
}

/** For a text, where the file brings expressions of its own along. */
const TIME_LIMIT = 1000;

/**
 * Encodes and decodes by `definition`.
 * @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`.
 */
export function tokenizerPipeline(definition: TokenizerDefinition): Pick<Tokenizer, "encode" | "decode"> {
  const { file, added, model, pieces } = definition;
  const normal = normalizer(definition.normalizer, { file, key: "normalizer" });
  const words = preTokenizer(definition.preTokenizer, { file, key: "pre_tokenizer" });
  const decoder = tokenDecoder(definition.decoder, { file, key: "decoder" });
  const bound = <T>(untrusted: boolean, task: () => T): T => (untrusted ? inTime(file, task) : task());
  const missing = new Set(
    words.bytes ? [...BYTE_SYMBOLS.keys()].filter((byte) => !definition.has(BYTE_SYMBOLS[byte] as string)) : [],
  );
  const contents = bound(normal.untrusted, () =>
    added.map((token) => [token.normalized ? normal.apply(token.content, false) : token.content, token] as const),
  );
  const findRaw = addedTokenFinder(contents.filter(([, token]) => !token.normalized));
  const findNormalized = addedTokenFinder(contents.filter(([, token]) => token.normalized));
  // A token that is found in normalised text is written so too; so it is in the reference.
  const texts = new Map([...pieces, ...contents.map(([content, { id }]) => [id, content] as const)]);

  const encode = (text: string, special: boolean, continues: boolean): number[] => {
    if (missing.size > 0) refuseMissingBytes(normal.apply(text, continues), missing, file);
    const out: number[] = [];
    // A push of many arguments would overflow the stack.
    const add = (ids: readonly number[]) => {
      for (const id of ids) out.push(id);
    };
    for (const section of findRaw(text, special)) {
      if (section.id !== null) {
        add([section.id]);
        continue;
      }
      const normalized = normal.apply(section.text, continues && section.at === 0);
      for (const part of findNormalized(normalized, special)) {
        if (part.id !== null) add([part.id]);
        else {
          const first = section.at === 0 && part.at === 0;
          for (const word of words.cut({ text: part.text, first }, continues)) add(model.encode(word.text));
        }
      }
    }
    return out;
  };

  return {
    encode(text, { special = false, continues = false } = {}) {
      refuseLoneSurrogates(text);
      return bound(normal.untrusted || words.untrusted, () => encode(text, special, continues));
    },
    // An id without a text is one that only pads the model's embedding; the reference leaves it out.
    decode: (ids) => bound(decoder.untrusted, () => decoder.decode(ids.flatMap((id) => texts.get(id) ?? [])).join("")),
  };
}

/** Runs a file's own expressions. Their errors are the file's: too long, or too deep. */
function inTime<T>(file: string, task: () => T): T {
  try {
    return withinTime(TIME_LIMIT, task);
  } catch (error) {
    if (!(error instanceof OutOfTime || error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw new ExpectedError({
      code: "tokenizer-malformed",
      message: `a regular expression of the tokenizer fails on this text: ${error.message}`,
      where: file,
      hint: "fetch the tokenizer again, or choose another model",
      cause: error,
    });
  }
}
