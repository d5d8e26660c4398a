/** The `pre_tokenizer` of a tokenizer.json: cuts the text into words; no token spans two of them. */
import { z } from "zod";
import { BERT_PUNCTUATION } from "./bertNormalizer.ts";
import { BYTE_SYMBOLS } from "./byteSymbols.ts";
import { PATTERNS } from "./knownPatterns.ts";
import { BEHAVIORS, type Behavior, compile, readPattern, split } from "./splitPattern.ts";
import { builderOf, inside, MAX_NESTING, malformed, type Place, read } from "./tokenizerFields.ts";

export interface Piece {
  readonly text: string;
  /** Whether it stands at the very beginning of the text. */
  readonly first: boolean;
}

export interface PreTokenizer {
  /** `continues`: the text follows other text, so its first piece gets no dummy space. */
  readonly cut: (piece: Piece, continues: boolean) => Piece[];
  /** Whether words come out as stand-ins of bytes. */
  readonly bytes: boolean;
  /** Whether it runs an expression whose time is not known. */
  readonly untrusted: boolean;
}

type Builder = (config: unknown, place: Place, depth: number) => PreTokenizer;

function splitter(expression: RegExp, behavior: Behavior, invert = false, untrusted = false): PreTokenizer {
  return {
    cut: ({ text, first }) =>
      split(text, expression, behavior, invert).map((part) => ({ text: part.text, first: first && part.at === 0 })),
    bytes: false,
    untrusted,
  };
}

function chain(parts: readonly PreTokenizer[]): PreTokenizer {
  return {
    cut: (piece, continues) =>
      parts.reduce<Piece[]>((pieces, part) => pieces.flatMap((one) => part.cut(one, continues)), [piece]),
    bytes: parts.some((part) => part.bytes),
    untrusted: parts.some((part) => part.untrusted),
  };
}

const GPT2 = compile(PATTERNS.gpt2, { file: "", key: "" });
const SPACE = /\p{White_Space}+/gu;
/** The `\w` of Rust's regex crate. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const WORDS_OR_SIGNS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, "gu");

const behaviorSchema = z
  .string()
  .transform((name) => BEHAVIORS.find((known) => known.toLowerCase() === name.replaceAll("_", "").toLowerCase()))
  .refine((known) => known !== undefined, `known: ${BEHAVIORS.join(", ")}`)
  .transform((known) => known as Behavior);

const BUILDERS: Readonly<Record<string, Builder>> = {
  Sequence: (config, place, depth) => {
    if (depth === MAX_NESTING) malformed(place, config, `nested more than ${MAX_NESTING} deep`);
    const { pretokenizers } = read(z.object({ pretokenizers: z.array(z.unknown()).max(100) }), config, place);
    return chain(pretokenizers.map((part, i) => build(part, inside(inside(place, "pretokenizers"), i), depth + 1)));
  },
  Split: (config, place) => {
    const schema = z.object({ pattern: z.unknown(), behavior: behaviorSchema, invert: z.boolean().default(false) });
    const { pattern, behavior, invert } = read(schema, config, place);
    const { expression, trusted } = readPattern(pattern, inside(place, "pattern"));
    return splitter(expression, behavior, invert, !trusted);
  },
  ByteLevel: (config, place) => {
    const schema = z.object({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) });
    const { add_prefix_space: dummy, use_regex: cuts } = read(schema, config, place);
    const encoder = new TextEncoder();
    const symbols = (text: string) => {
      let out = "";
      for (const byte of encoder.encode(text)) out += BYTE_SYMBOLS[byte] as string;
      return out;
    };
    return {
      cut: ({ text, first }, continues) => {
        const whole = dummy && !text.startsWith(" ") && !(first && continues) ? ` ${text}` : text;
        const words = cuts ? split(whole, GPT2, "Isolated").map((word) => word.text) : [whole];
        return words.map((word, i) => ({ text: symbols(word), first: first && i === 0 }));
      },
      bytes: true,
      untrusted: false,
    };
  },
  Metaspace: (config, place) => {
    const schema = z.object({
      replacement: z.string().refine((text) => [...text].length === 1, "not one character"),
      add_prefix_space: z.boolean().optional(),
      prepend_scheme: z.enum(["always", "first", "never"]).optional(),
      split: z.boolean().default(true),
    });
    const { replacement, split: cuts, ...options } = read(schema, config, place);
    const scheme = options.add_prefix_space === false ? "never" : (options.prepend_scheme ?? "always");
    const mark = new RegExp(replacement.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "gu");
    return {
      cut: ({ text, first }, continues) => {
        const marked = text.replaceAll(" ", () => replacement);
        const dummy = (scheme === "always" || (scheme === "first" && first)) && !(first && continues);
        const whole = dummy && !marked.startsWith(replacement) ? replacement + marked : marked;
        const words = cuts ? split(whole, mark, "MergedWithNext") : [{ text: whole, at: 0 }];
        return words.map((word) => ({ text: word.text, first: first && word.at === 0 }));
      },
      bytes: false,
      untrusted: false,
    };
  },
  BertPreTokenizer: () => chain([splitter(SPACE, "Removed"), splitter(BERT_PUNCTUATION, "Isolated")]),
  Punctuation: (config, place) => {
    const { behavior } = read(z.object({ behavior: behaviorSchema.default("Isolated") }), config, place);
    return splitter(BERT_PUNCTUATION, behavior);
  },
  Whitespace: () => splitter(WORDS_OR_SIGNS, "Removed", true),
  WhitespaceSplit: () => splitter(SPACE, "Removed"),
  Digits: (config, place) => {
    const { individual_digits: single } = read(z.object({ individual_digits: z.boolean() }), config, place);
    return splitter(/\p{N}/gu, single ? "Isolated" : "Contiguous");
  },
};

function build(config: unknown, place: Place, depth: number): PreTokenizer {
  return builderOf(BUILDERS, config, place)(config, place, depth);
}

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function preTokenizer(config: unknown, place: Place): PreTokenizer {
  return config === null || config === undefined ? chain([]) : build(config, place, 0);
}
