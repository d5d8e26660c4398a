/** What a text must be before a tokenizer may read it: nothing of it may be lost or replaced in silence. */
import { ExpectedError } from "../../../errors.ts";

/**
 * Encoding to UTF-8 would replace half of a surrogate pair by U+FFFD, which is another text.
 * @throws ExpectedError `text-unencodable`.
 */
export function refuseLoneSurrogates(text: string): void {
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

/**
 * The reference drops a byte without a token in silence, and the model would read another text than we say.
 * @param missing bytes of UTF-8 that the vocabulary has no token for
 * @throws ExpectedError `text-unencodable`.
 */
export function refuseMissingBytes(text: string, missing: ReadonlySet<number>, path: string): void {
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

/** A character that a vocabulary without bytes and without a token for the unknown would drop. */
export function characterWithoutToken(character: string, path: string): ExpectedError {
  return new ExpectedError({
    code: "text-unencodable",
    message: `the model's tokenizer has no token for character ${codePoint(character)}, and none for the unknown`,
    where: `tokenizer of ${path}`,
    hint: "remove the character, or choose a model that can read it",
  });
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Where the character `index` stands, counted from 0 in characters, not in UTF-16 units. */
function place(text: string, index: number): string {
  return `character ${index + 1} of ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}`;
}
