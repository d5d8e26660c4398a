import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import { ALPHABET_A, ALPHABET_B, type Alphabet } from "../alphabets.ts";
import { alphabetOf, HANZI_161, HANZI_512, HANZI_SMOLLM2 } from "./oneTokenHanzi.ts";

const NAMED: Readonly<Record<string, Alphabet>> = {
  "hanzi-512": HANZI_512,
  "hanzi-161": HANZI_161,
  "hanzi-smollm2": HANZI_SMOLLM2,
  a: ALPHABET_A,
  b: ALPHABET_B,
};

const fileSchema = z.object({
  symbols: z.string().refine((text) => [...text].length > 1 && new Set(text).size === [...text].length, {
    error: "at least two symbols, none of them twice",
  }),
  source: z.string(),
});

/**
 * @param name hanzi-512, hanzi-161, hanzi-smollm2, a, b, or the path of a file: JSON as `isoglyph tokens --alphabet` writes it, or plain
 *   text, whose characters are the symbols (white space left out).
 * @param folder what the path is relative to.
 * @throws ExpectedError `alphabet-unknown`, `alphabet-malformed`.
 */
export function namedAlphabet(name: string, folder: string): Alphabet {
  if (Object.hasOwn(NAMED, name)) return NAMED[name] as Alphabet;
  const path = resolve(folder, name);
  if (!existsSync(path)) {
    throw new ExpectedError({
      code: "alphabet-unknown",
      message: `there is no alphabet ${JSON.stringify(name)}, nor a file of that name`,
      hint: `use one of ${Object.keys(NAMED).join(", ")}, or a file: isoglyph tokens --alphabet SIZE --tokenizer REF --out FILE.json`,
    });
  }
  // A list of characters is an alphabet too, without a word on where it comes from.
  if (!path.endsWith(".json")) return listed(path, name);
  const parsed = fileSchema.safeParse(parsedJson(path));
  if (!parsed.success) throw malformed(path, parsed.error.issues[0]?.message ?? "", parsed.error);
  return alphabetOf(parsed.data);
}

function listed(path: string, source: string): Alphabet {
  const parsed = fileSchema.safeParse({ symbols: readFileSync(path, "utf8").replace(/\s/gu, ""), source });
  if (!parsed.success) throw malformed(path, parsed.error.issues[0]?.message ?? "", parsed.error);
  return alphabetOf(parsed.data);
}

function parsedJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw malformed(path, (error as Error).message, error);
  }
}

function malformed(path: string, reason: string, cause: unknown): ExpectedError {
  return new ExpectedError({
    code: "alphabet-malformed",
    message: `this is no alphabet: ${reason}`,
    where: path,
    hint: "isoglyph tokens --alphabet SIZE --tokenizer REF --out FILE.json writes one",
    cause,
  });
}
