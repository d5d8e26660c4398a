/** A trained code: a quantiser, the symbols that its indices are written in, and whose vectors it was trained on. */
import { ExpectedError } from "../../errors.ts";
import type { EmbedderIdentity } from "../contract.ts";
import { matrix, row } from "../quantisers/matrix.ts";
import type { Matrix, Quantiser } from "../quantisers/Quantiser.ts";

export interface CodebookAlphabet {
  /** Symbols by index, one Unicode character each: one list for all places, or one a place that share none. */
  readonly symbols: readonly (readonly string[])[];
  readonly source: string;
  /** As one published code has it: index modulo the number of symbols, so that entries share symbols. */
  readonly wraps: boolean;
}

/** What a codebook file says beside its tensors. */
export interface CodebookDescription {
  readonly format: 1;
  /** Name of the quantiser's family. */
  readonly kind: string;
  readonly alphabet: CodebookAlphabet;
  readonly embedder: EmbedderIdentity;
  readonly width: number;
  readonly sizes: readonly number[];
  readonly training: {
    /** sha256 over the training vectors' float32 bytes, row by row. */
    readonly sha256: string;
    readonly vectors: number;
    readonly seed: number;
    readonly settings: Readonly<Record<string, string | number>>;
    readonly heldOut: HeldOutFigures | null;
  };
  /** sha256 of the file of tensors. */
  readonly tensors: string;
}

/** How well vectors that training never saw are decoded from their symbols; means over vectors. */
export interface HeldOutFigures {
  readonly vectors: number;
  readonly cosine: number;
  /** Cosine after the mean of the training vectors is taken from both: 0 for a constant. */
  readonly centredCosine: number;
  /** Squared error over squared distance from the mean of the training vectors. */
  readonly errorShare: number;
}

export interface Codebook {
  readonly description: CodebookDescription;
  readonly quantiser: Quantiser;
  /** Content hash, hexadecimal: sha256 of the description as canonical JSON, which holds that of the tensors. */
  readonly identity: string;
}

/** @throws ExpectedError `codebook-embedder` where the vectors are another's, `codebook-width`. */
export function checkEmbedder(
  { description }: Codebook,
  { reference, digest, width }: EmbedderIdentity,
  where: string,
): void {
  const own = description.embedder;
  if (digest === own.digest && width === own.width) return;
  throw new ExpectedError({
    code: width === own.width ? "codebook-embedder" : "codebook-width",
    message:
      width === own.width
        ? `the codebook was trained on vectors of ${own.reference} (${own.digest.slice(0, 12)}), not of ${reference} (${digest.slice(0, 12)})`
        : `the codebook was trained on vectors of ${own.reference}, ${own.width} wide; ${reference} makes them ${width} wide`,
    where,
    hint: `encode with ${own.reference}, or train a codebook on vectors of ${reference}: isoglyph train codebook --embedder ${reference}`,
  });
}

/**
 * The symbols of each vector.
 * @param places how many, from the first on; all unless said otherwise.
 */
export async function encodeVectors(codebook: Codebook, vectors: Matrix, places?: number): Promise<readonly string[]> {
  const codes = await codebook.quantiser.encode(vectors);
  const all = codebook.quantiser.sizes.length;
  return Array.from({ length: vectors.rows }, (_, r) =>
    writeSymbols(codebook, codes.subarray(r * all, r * all + (places ?? all))),
  );
}

/** The vectors that symbols stand for; strings may differ in length where the code is nested. @throws as readSymbols. */
export function decodeSymbols(codebook: Codebook, texts: readonly string[]): Matrix {
  const { quantiser, description } = codebook;
  const places = quantiser.sizes.length;
  const out = matrix(texts.length, description.width);
  texts.forEach((text, r) => {
    const indices = readSymbols(codebook, text, `text ${r + 1} of ${texts.length}`);
    const code = new Uint16Array(places);
    code.set(indices);
    const decoded = indices.length < places ? quantiser.decode(code, indices.length) : quantiser.decode(code);
    row(out, r).set(decoded.data);
  });
  return out;
}

/** One symbol an index, in order; exactly undone by readSymbols, unless the alphabet wraps. */
export function writeSymbols({ description }: Codebook, indices: ArrayLike<number>): string {
  let out = "";
  for (let place = 0; place < indices.length; place++) {
    const symbols = symbolsAt(description.alphabet, place);
    const index = indices[place] as number;
    const symbol = symbols[description.alphabet.wraps ? index % symbols.length : index];
    if (symbol === undefined) throw new RangeError(`index ${index} at place ${place} has no symbol`);
    out += symbol;
  }
  return out;
}

/**
 * The indices of symbols. Fewer than there are places are read where the code is nested; where the alphabet wraps, a
 * symbol is read as the first of the entries that share it.
 * @throws ExpectedError `codebook-symbol`, `codebook-length`.
 */
export function readSymbols({ description, quantiser }: Codebook, text: string, where: string): Uint16Array {
  const symbols = [...text];
  const places = description.sizes.length;
  if (symbols.length > places || symbols.length === 0 || (symbols.length < places && !quantiser.nested)) {
    throw new ExpectedError({
      code: "codebook-length",
      message: `${symbols.length} symbols are no code of ${quantiser.nested ? `1 to ${places}` : places} places`,
      where,
      hint: quantiser.nested
        ? "give the symbols of one code"
        : `give all ${places} symbols: codes of kind ${description.kind} cannot be shortened`,
    });
  }
  return Uint16Array.from(symbols, (symbol, place) => {
    const index = symbolsAt(description.alphabet, place).indexOf(symbol);
    if (index >= 0 && index < (description.sizes[place] as number)) return index;
    throw unknownSymbol(description, symbol, place, where);
  });
}

export function symbolsAt({ symbols }: CodebookAlphabet, place: number): readonly string[] {
  return symbols[symbols.length === 1 ? 0 : place] as readonly string[];
}

function unknownSymbol({ alphabet }: CodebookDescription, symbol: string, place: number, where: string): ExpectedError {
  const elsewhere = alphabet.symbols.findIndex((symbols) => symbols.includes(symbol));
  const point = `U+${symbol.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
  const own = symbolsAt(alphabet, place);
  return new ExpectedError({
    code: "codebook-symbol",
    message: `symbol ${place + 1} is ${JSON.stringify(symbol)} (${point}), which is none of the ${own.length} symbols of that place`,
    where,
    hint:
      elsewhere < 0
        ? `the codebook's symbols are ${own.slice(0, 8).join("")}… (${alphabet.source})`
        : `it is a symbol of place ${elsewhere + 1}: symbols are missing or out of order`,
  });
}
