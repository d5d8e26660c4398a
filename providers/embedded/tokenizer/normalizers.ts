/** The `normalizer` of a tokenizer.json: what becomes of the characters before the text is cut. */
import { z } from "zod";
import { bertNormalizer, lowercase } from "./bertNormalizer.ts";
import { charsmap } from "./charsmap.ts";
import { readPattern } from "./splitPattern.ts";
import { builderOf, inside, MAX_NESTING, malformed, type Place, read } from "./tokenizerFields.ts";

export interface Normalizer {
  /** `bare`: the text follows other text, so no dummy space is put before it. */
  readonly apply: (text: string, bare: boolean) => string;
  /** Whether it runs an expression whose time is not known. */
  readonly untrusted: boolean;
}

type Builder = (config: unknown, place: Place, depth: number) => Normalizer;

const plain = (apply: (text: string) => string): Normalizer => ({ apply, untrusted: false });
const MAX_CHARSMAP = 8 << 20;

const BUILDERS: Readonly<Record<string, Builder>> = {
  Sequence: (config, place, depth) => {
    if (depth === MAX_NESTING) malformed(place, config, `nested more than ${MAX_NESTING} deep`);
    const { normalizers } = read(z.object({ normalizers: z.array(z.unknown()).max(100) }), config, place);
    const parts = normalizers.map((part, i) => build(part, inside(inside(place, "normalizers"), i), depth + 1));
    return {
      apply: (text, bare) => parts.reduce((result, part) => part.apply(result, bare), text),
      untrusted: parts.some((part) => part.untrusted),
    };
  },
  NFC: () => plain((text) => text.normalize("NFC")),
  NFD: () => plain((text) => text.normalize("NFD")),
  NFKC: () => plain((text) => text.normalize("NFKC")),
  NFKD: () => plain((text) => text.normalize("NFKD")),
  Lowercase: () => plain(lowercase),
  StripAccents: () => plain((text) => text.replace(/\p{M}/gu, "")),
  Strip: (config, place) => {
    const sides = read(z.object({ strip_left: z.boolean(), strip_right: z.boolean() }), config, place);
    return plain((text) => {
      const left = sides.strip_left ? text.replace(/^\p{White_Space}+/u, "") : text;
      return sides.strip_right ? left.slice(0, left.length - trailingSpace(left)) : left;
    });
  },
  Replace: (config, place) => {
    const { content, pattern } = read(z.object({ content: z.string().max(1000), pattern: z.unknown() }), config, place);
    const { expression, trusted } = readPattern(pattern, inside(place, "pattern"));
    return { apply: (text) => text.replace(expression, () => content), untrusted: !trusted };
  },
  Prepend: (config, place) => {
    const { prepend } = read(z.object({ prepend: z.string().max(1000) }), config, place);
    return { apply: (text, bare) => (text === "" || bare ? text : prepend + text), untrusted: false };
  },
  BertNormalizer: (config, place) => {
    const options = read(
      z.object({
        clean_text: z.boolean(),
        handle_chinese_chars: z.boolean(),
        strip_accents: z.boolean().nullish(),
        lowercase: z.boolean(),
      }),
      config,
      place,
    );
    return plain(
      bertNormalizer({
        cleanText: options.clean_text,
        handleChineseChars: options.handle_chinese_chars,
        stripAccents: options.strip_accents ?? options.lowercase,
        lowercase: options.lowercase,
      }),
    );
  },
  Precompiled: (config, place) => {
    const key = "precompiled_charsmap";
    const { [key]: map } = read(z.object({ [key]: z.base64().max(MAX_CHARSMAP) }), config, place);
    return plain(charsmap(Buffer.from(map, "base64"), inside(place, key)));
  },
};

/** White space at the end, in UTF-16 units; a regular expression would take quadratic time on space in between. */
function trailingSpace(text: string): number {
  let length = 0;
  while (length < text.length && /\p{White_Space}/u.test(text[text.length - 1 - length] as string)) length++;
  return length;
}

function build(config: unknown, place: Place, depth: number): Normalizer {
  return builderOf(BUILDERS, config, place)(config, place, depth);
}

/** @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function normalizer(config: unknown, place: Place): Normalizer {
  return config === null || config === undefined ? plain((text) => text) : build(config, place, 0);
}
