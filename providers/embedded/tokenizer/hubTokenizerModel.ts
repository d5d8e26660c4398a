/** The `model` of a tokenizer.json: vocabulary, merges, scores. */
import { z } from "zod";
import { inside, malformed, type Place, read, unsupported } from "./tokenizerFields.ts";
import { unigramModel } from "./unigramModel.ts";
import { bpeModel, type WordModel, wordPieceModel } from "./wordModels.ts";

/** Ids above are none of a real vocabulary's, and arrays by id would take what the file claims. */
export const MAX_ID = (1 << 24) - 1;
const MAX_WORD = 1000;
/** Longest piece of a unigram vocabulary, UTF-16 units; each position of a text tries all lengths. */
const MAX_PIECE = 1000;
const SUPPORTED = ["BPE", "WordPiece", "Unigram"];

interface Built {
  readonly model: WordModel;
  readonly has: (symbol: string) => boolean;
}

export interface HubModel {
  readonly known: ReadonlyMap<string, number>;
  /** `hidden`: special tokens, which no text becomes by spelling them. */
  readonly build: (hidden: ReadonlySet<string>) => Built;
}

function without(known: ReadonlyMap<string, number>, hidden: ReadonlySet<string>): Map<string, number> {
  return new Map([...known].filter(([token]) => !hidden.has(token)));
}

function vocabularyOf(value: unknown, place: Place): Map<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    malformed(place, value, "not an object of ids");
  const known = new Map<string, number>();
  for (const [token, id] of Object.entries(value)) {
    if (!Number.isInteger(id) || id < 0 || id > MAX_ID)
      malformed(inside(place, JSON.stringify(token.slice(0, 60))), id, `not an id between 0 and ${MAX_ID}`);
    known.set(token, id);
  }
  return known;
}

function mergesOf(value: unknown, known: ReadonlyMap<string, number>, place: Place): [string, string][] {
  if (!Array.isArray(value)) return malformed(place, value, "not an array");
  return value.map((merge: unknown, rank): [string, string] => {
    const parts: unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    const paired = parts.length === 2 && typeof left === "string" && typeof right === "string";
    if (!paired || ![left, right, left + right].every((token) => known.has(token)))
      return malformed(inside(place, rank), merge, "not two tokens that join to a third");
    return [left, right];
  });
}

/** The id of the unknown token that `name` spells. */
function unknownId(
  name: string | null | undefined,
  known: ReadonlyMap<string, number>,
  place: Place,
): number | undefined {
  if (name === null || name === undefined) return undefined;
  return known.get(name) ?? malformed(place, name, "not a token of the vocabulary");
}

const none = z.union([z.null(), z.literal("")], "not supported: only none").optional();

function bpe(config: object, place: Place): HubModel {
  const schema = z.object({
    dropout: z.union([z.null(), z.literal(0)], "not supported: only none").optional(),
    unk_token: z.string().nullish(),
    continuing_subword_prefix: none,
    end_of_word_suffix: none,
    fuse_unk: z.boolean().nullish(),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
    vocab: z.unknown().optional(),
    merges: z.unknown().optional(),
  });
  const options = read(schema, config, place);
  const known = vocabularyOf(options.vocab, inside(place, "vocab"));
  const merges = mergesOf(options.merges, known, inside(place, "merges"));
  const unknown = unknownId(options.unk_token, known, inside(place, "unk_token"));
  return {
    known,
    build: (hidden) => {
      const vocabulary = without(known, hidden);
      return {
        model: bpeModel(
          {
            vocabulary,
            merges: merges.filter(([left, right]) =>
              [left, right, left + right].every((token) => vocabulary.has(token)),
            ),
            unknown,
            byteFallback: options.byte_fallback ?? false,
            fuseUnknown: options.fuse_unk ?? false,
            ignoreMerges: options.ignore_merges ?? false,
          },
          place.file,
        ),
        has: (symbol) => unknown !== undefined || vocabulary.has(symbol),
      };
    },
  };
}

function wordPiece(config: object, place: Place): HubModel {
  const schema = z.object({
    unk_token: z.string(),
    continuing_subword_prefix: z.string().max(100).default("##"),
    max_input_chars_per_word: z.number().int().min(1).max(MAX_WORD).default(100),
    vocab: z.unknown().optional(),
  });
  const options = read(schema, config, place);
  const known = vocabularyOf(options.vocab, inside(place, "vocab"));
  const unknown = unknownId(options.unk_token, known, inside(place, "unk_token")) as number;
  return {
    known,
    build: (hidden) => ({
      model: wordPieceModel({
        vocabulary: without(known, hidden),
        unknown,
        prefix: options.continuing_subword_prefix,
        longestWord: options.max_input_chars_per_word,
      }),
      has: () => true,
    }),
  };
}

function unigram(config: object, place: Place): HubModel {
  const schema = z.object({
    unk_id: z.number().int().min(0).nullish(),
    byte_fallback: z.boolean().nullish(),
    vocab: z.array(z.unknown()).min(1),
  });
  const { unk_id: unk, byte_fallback: byteFallback, vocab } = read(schema, config, place);
  const scores = vocab.map((entry, id): readonly [string, number] => {
    const [piece, score] = Array.isArray(entry) ? entry : [];
    const at = inside(inside(place, "vocab"), id);
    if (typeof piece !== "string" || typeof score !== "number" || !Number.isFinite(score))
      return malformed(at, entry, "not a token and its score");
    if (piece.length > MAX_PIECE) malformed(at, piece, `longer than ${MAX_PIECE}`);
    return [piece, score];
  });
  if (typeof unk === "number" && unk >= vocab.length)
    malformed(inside(place, "unk_id"), unk, `not the id of one of the ${vocab.length} tokens`);
  const lowestScore = scores.reduce((lowest, [, score]) => Math.min(lowest, score), Number.POSITIVE_INFINITY);
  return {
    known: new Map(scores.map(([piece], id) => [piece, id])),
    build: (hidden) => ({
      model: unigramModel(
        {
          pieces: new Map(
            scores
              .map(([piece, score], id) => [piece, [id, score]] as const)
              .filter(([piece]) => piece !== "" && !hidden.has(piece)),
          ),
          lowestScore,
          unknown: unk ?? undefined,
          byteFallback: byteFallback ?? false,
        },
        place.file,
      ),
      has: () => true,
    }),
  };
}

/** Files of 2020 do not name the type; it shows in the fields. */
function typeOf(config: object): unknown {
  if ("type" in config) return config.type;
  if ("vocab" in config && Array.isArray(config.vocab)) return "Unigram";
  return "merges" in config ? "BPE" : "continuing_subword_prefix" in config ? "WordPiece" : undefined;
}

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function hubModel(config: unknown, place: Place): HubModel {
  if (typeof config !== "object" || config === null) return malformed(place, config, "not an object");
  const type = typeOf(config);
  if (type === "BPE") return bpe(config, place);
  if (type === "WordPiece") return wordPiece(config, place);
  if (type === "Unigram") return unigram(config, place);
  return unsupported(inside(place, "type"), type, SUPPORTED);
}
