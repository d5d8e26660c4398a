import { createHash } from "node:crypto";
import { z } from "zod";
import { ExpectedError } from "../../errors.ts";
import type { Provider, Steps } from "../../providers/contract.ts";
import { namedAlphabet } from "../alphabets/namedAlphabet.ts";
import { defineCodec } from "../contract.ts";
import { ArithmeticReader, ArithmeticWriter } from "./arithmeticBits.ts";
import { bitsOfSymbols, damaged, symbolsOfBits } from "./symbolBits.ts";
import { END, TokenCounts } from "./tokenCounts.ts";
import { textBegin } from "./wordInformation.ts";

const VERSION = 1;
const VERSION_BITS = 3;
const CHECKSUM_BITS = 28;
const HEADER_BITS = VERSION_BITS + 1 + CHECKSUM_BITS;

/** Where the code can be read: elsewhere the probabilities differ in their last bits, and nothing after that is right. */
interface Place {
  readonly model: Provider;
  readonly steps: Steps;
  readonly symbols: readonly string[];
}

/**
 * Lossless arithmetic coding (Witten, Neal and Cleary 1987; on a language model's next-token probabilities: Delétang et
 * al. 2024, “Language Modeling Is Compression”, arXiv 2309.10668), written in symbols of an alphabet.
 *
 * Bits: version (3), whether the text is raw UTF-8 because the tokenizer does not give it back (1), checksum (28: first
 * bits of the SHA-256 of place, bits and text), then the coded tokens and their end, or the bytes. A text longer than
 * the model's context begins anew where that is full. One damaged symbol passes unseen once in 2^28.
 *
 * Reading takes the same weights and the same kernel (Steps.kernel), bit for bit; `model` and `kernel` name those that
 * are expected, and the codes of any others are refused by the checksum.
 */
export const arithmetic = defineCodec({
  name: "arithmetic",
  summary: "the text itself, coded with the observed model's probabilities in symbols of `alphabet`; decodes exactly",
  parameters: z.strictObject({
    alphabet: z.string().min(1).default("hanzi-512"),
    model: z.string().optional(),
    kernel: z.string().optional(),
  }),
  standIn: () => ({ codec: "identity", parameters: {} }),
  create: ({ alphabet, model, kernel }, services, folder) => {
    const { symbols } = namedAlphabet(alphabet, folder);
    const place = () => placeOf(services.observed(), symbols, { model, kernel });
    return {
      alphabet: symbols,
      encode: async (inputs) => {
        const at = place();
        const out = [];
        for (const { original } of inputs) out.push({ text: await encodeText(original, at) });
        return out;
      },
      decode: async (texts) => {
        const at = place();
        const out = [];
        for (const text of texts) out.push(await decodeText(text, at));
        return out;
      },
    };
  },
});

type Expected = Readonly<Record<"model" | "kernel", string | undefined>>;

/** @throws ExpectedError `capability-missing`, `arithmetic-elsewhere`. */
function placeOf(model: Provider, symbols: readonly string[], expected: Expected): Place {
  const { steps, identity } = model;
  if (steps === undefined) {
    throw new ExpectedError({
      code: "capability-missing",
      message: `${identity.reference} cannot be followed token by token with the same numbers each time`,
      hint: "arithmetic coding takes a causal model in the embedded engine: a .gguf file, a folder, hf:, ollama:",
    });
  }
  const actual = { model: identity.digest, kernel: steps.kernel };
  for (const what of ["model", "kernel"] as const) {
    if (expected[what] === undefined || expected[what] === actual[what]) continue;
    throw new ExpectedError({
      code: "arithmetic-elsewhere",
      message: `the code is for ${what} ${JSON.stringify(expected[what])}, and this is ${JSON.stringify(actual[what])}`,
      hint: "decode with the same weights, the same version of Isoglyph, on the same kind of processor with as many threads",
    });
  }
  return { model, steps, symbols };
}

async function encodeText(text: string, place: Place): Promise<string> {
  if (!text.isWellFormed()) {
    throw new ExpectedError({
      code: "text-unencodable",
      message: `half of a surrogate pair is no character, and no UTF-8: ${JSON.stringify(text.slice(0, 60))}`,
      hint: "the text was cut inside a character, or read with the wrong encoding",
    });
  }
  const ids = tokensOf(text, place);
  const payload = ids === null ? rawBits(text) : await codedBits(ids, place);
  const mode = ids === null ? "1" : "0";
  const version = VERSION.toString(2).padStart(VERSION_BITS, "0");
  return symbolsOfBits(version + mode + checksum(text, mode + payload, place) + payload, place.symbols);
}

/** @throws ExpectedError `code-damaged`. */
async function decodeText(code: string, place: Place): Promise<string> {
  const bits = bitsOfSymbols(code, place.symbols);
  if (bits.length < HEADER_BITS) throw damaged(`it has ${bits.length} bits, fewer than its header`, code);
  const version = Number.parseInt(bits.slice(0, VERSION_BITS), 2);
  if (version !== VERSION) throw damaged(`it names version ${version}, and this is version ${VERSION}`, code);
  const mode = bits.slice(VERSION_BITS, VERSION_BITS + 1);
  const payload = bits.slice(HEADER_BITS);
  const text = mode === "1" ? rawText(payload) : await decodedText(payload, place);
  if (text !== null && checksum(text, mode + payload, place) === bits.slice(VERSION_BITS + 1, HEADER_BITS)) return text;
  const { identity } = place.model;
  const here = `model ${identity.digest.slice(0, 12)}, kernel ${place.steps.kernel}`;
  throw damaged(`its checksum fails; or it was made with another alphabet, model or kernel than here (${here})`, code);
}

/** Null where the tokenizer does not give the text back. */
function tokensOf(text: string, { model: { tokenizer } }: Place): readonly number[] | null {
  try {
    const ids = tokenizer.encode(text);
    return tokenizer.decode(ids) === text ? ids : null;
  } catch (error) {
    if (error instanceof ExpectedError && error.code === "text-unencodable") return null;
    throw error;
  }
}

async function codedBits(ids: readonly number[], place: Place): Promise<string> {
  const writer = new ArithmeticWriter();
  let at = 0;
  await alongTokens(place, (counts) => {
    const id = ids[at++] ?? END;
    writer.write(counts.shareOf(id));
    return id;
  });
  return writer.end();
}

/** Null where the bits are those of no text. */
async function decodedText(bits: string, place: Place): Promise<string | null> {
  const reader = new ArithmeticReader(bits);
  const ids: number[] = [];
  await alongTokens(place, (counts) => {
    if (reader.exhausted) return END;
    const id = counts.tokenAt(reader.peek(counts.total));
    reader.take(counts.shareOf(id));
    if (id !== END) ids.push(id);
    return id;
  });
  return reader.exhausted ? null : place.model.tokenizer.decode(ids);
}

/** Lets the model read a text as it is chosen, token by token, until END. */
async function alongTokens({ model, steps }: Place, choose: (counts: TokenCounts) => number): Promise<void> {
  const { contextLength, vocabulary } = model.identity;
  const begin = textBegin(model.tokenizer);
  let ended = false;
  while (!ended) {
    ended = await steps.follow(async (next) => {
      let length = 0;
      // Where no token begins texts, all first tokens are as likely.
      let logits = new Float32Array(vocabulary);
      const read = async (id: number) => {
        logits = (await next(id)) as typeof logits;
        length += 1;
      };
      for (const id of begin) await read(id);
      for (;;) {
        const id = choose(new TokenCounts(logits));
        if (id === END) return true;
        if (length === contextLength) return false;
        await read(id);
      }
    });
  }
}

function rawBits(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

function rawText(bits: string): string | null {
  if (bits.length % 8 !== 0) return null;
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  // What is no UTF-8 becomes another text, whose checksum is wrong.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function checksum(text: string, bits: string, { model, steps, symbols }: Place): string {
  const { digest, tokenizerDigest } = model.identity;
  const parts = [VERSION, digest, tokenizerDigest, steps.kernel, symbols.join(""), bits, text];
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return (hash.readUInt32BE() >>> (32 - CHECKSUM_BITS)).toString(2).padStart(CHECKSUM_BITS, "0");
}
