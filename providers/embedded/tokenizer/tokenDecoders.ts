/** The `decoder` of a tokenizer.json: tokens back to text. */
import { z } from "zod";
import { BYTE_SYMBOLS } from "./byteSymbols.ts";
import { readPattern } from "./splitPattern.ts";
import { builderOf, inside, MAX_NESTING, malformed, type Place, read } from "./tokenizerFields.ts";

export interface TokenDecoder {
  readonly decode: (tokens: readonly string[]) => string[];
  /** Whether it runs an expression whose time is not known. */
  readonly untrusted: boolean;
}

type Builder = (config: unknown, place: Place, depth: number) => TokenDecoder;

const plain = (decode: TokenDecoder["decode"]): TokenDecoder => ({ decode, untrusted: false });
const BYTES: ReadonlyMap<string, number> = new Map(BYTE_SYMBOLS.map((symbol, byte) => [symbol, byte]));
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The bytes of a token; those of its own text where it holds a character that stands for none. */
function bytesOf(token: string): readonly number[] {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTES.get(character);
    if (byte === undefined) return [...Buffer.from(token)];
    bytes.push(byte);
  }
  return bytes;
}

/** Bytes that are no UTF-8 become one U+FFFD each. */
function textOfBytes(bytes: readonly number[]): string {
  try {
    return strict.decode(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof TypeError) return "\ufffd".repeat(bytes.length);
    throw error;
  }
}

/** English punctuation and contractions, closed up (tokenizers, decoders/wordpiece.rs, cleanup). */
function cleanUp(text: string): string {
  return text
    .replaceAll(" .", ".")
    .replaceAll(" ?", "?")
    .replaceAll(" !", "!")
    .replaceAll(" ,", ",")
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" do not", " don't")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}

const BUILDERS: Readonly<Record<string, Builder>> = {
  Sequence: (config, place, depth) => {
    if (depth === MAX_NESTING) malformed(place, config, `nested more than ${MAX_NESTING} deep`);
    const { decoders } = read(z.object({ decoders: z.array(z.unknown()).max(100) }), config, place);
    const parts = decoders.map((part, i) => build(part, inside(inside(place, "decoders"), i), depth + 1));
    return {
      decode: (tokens) => parts.reduce<string[]>((result, part) => part.decode(result), [...tokens]),
      untrusted: parts.some((part) => part.untrusted),
    };
  },
  ByteLevel: () => plain((tokens) => [lossy.decode(Uint8Array.from(tokens.flatMap(bytesOf)))]),
  ByteFallback: () =>
    plain((tokens) => {
      const out: string[] = [];
      let bytes: number[] = [];
      const flush = () => {
        if (bytes.length > 0) out.push(textOfBytes(bytes));
        bytes = [];
      };
      for (const token of tokens) {
        const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token)?.[1];
        if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
        else {
          flush();
          out.push(token);
        }
      }
      flush();
      return out;
    }),
  Fuse: () => plain((tokens) => [tokens.join("")]),
  Replace: (config, place) => {
    const { content, pattern } = read(z.object({ content: z.string().max(1000), pattern: z.unknown() }), config, place);
    const { expression, trusted } = readPattern(pattern, inside(place, "pattern"));
    return { decode: (tokens) => tokens.map((token) => token.replace(expression, () => content)), untrusted: !trusted };
  },
  Strip: (config, place) => {
    const count = z.number().int().min(0).max(1000);
    const { content, start, stop } = read(z.object({ content: z.string(), start: count, stop: count }), config, place);
    return plain((tokens) =>
      tokens.map((token) => {
        const characters = [...token];
        let [from, to] = [0, characters.length];
        while (from < Math.min(start, characters.length) && characters[from] === content) from++;
        while (characters.length - to < Math.min(stop, characters.length) && characters[to - 1] === content) to--;
        return characters.slice(from, Math.max(from, to)).join("");
      }),
    );
  },
  Metaspace: (config, place) => {
    const schema = z.object({
      replacement: z.string().min(1).max(2),
      add_prefix_space: z.boolean().optional(),
      prepend_scheme: z.enum(["always", "first", "never"]).optional(),
    });
    const { replacement, ...options } = read(schema, config, place);
    const dummy = options.add_prefix_space !== false && options.prepend_scheme !== "never";
    return plain((tokens) =>
      tokens.map((token, i) => token.replaceAll(replacement, () => (i === 0 && dummy ? "" : " "))),
    );
  },
  WordPiece: (config, place) => {
    const schema = z.object({ prefix: z.string().max(100), cleanup: z.boolean() });
    const { prefix, cleanup } = read(schema, config, place);
    return plain((tokens) =>
      tokens.map((token, i) => {
        const text = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
        return cleanup ? cleanUp(text) : text;
      }),
    );
  },
};

function build(config: unknown, place: Place, depth: number): TokenDecoder {
  return builderOf(BUILDERS, config, place)(config, place, depth);
}

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function tokenDecoder(config: unknown, place: Place): TokenDecoder {
  return config === null || config === undefined ? plain((tokens) => [tokens.join(" ")]) : build(config, place, 0);
}
