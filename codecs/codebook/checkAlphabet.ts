import { ExpectedError } from "../../errors.ts";
import type { CodebookAlphabet } from "./Codebook.ts";

/**
 * An entry is one symbol. Two symbols an entry would hide what an entry costs, so an alphabet that is too small is
 * refused: fewer entries at more places say as much with the symbols that there are.
 * @throws ExpectedError `alphabet-small`, `alphabet-symbols`.
 */
export function checkAlphabet({ symbols, source, wraps }: CodebookAlphabet, sizes: readonly number[]): void {
  if (symbols.length !== 1 && symbols.length !== sizes.length) {
    throw refusal(`${symbols.length} lists of symbols serve neither all ${sizes.length} places nor one each`, source);
  }
  const seen = new Set<string>();
  for (const symbol of symbols.flat()) {
    if ([...symbol].length !== 1) throw refusal(`${JSON.stringify(symbol)} is not one character`, source);
    if (/\s/u.test(symbol)) throw refusal("a symbol is white space, which does not survive copying", source);
    if (/\p{Surrogate}/u.test(symbol)) throw refusal("a symbol is half a character", source);
    if (seen.has(symbol)) throw refusal(`${JSON.stringify(symbol)} is there twice`, source);
    seen.add(symbol);
  }
  sizes.forEach((size, place) => {
    const own = symbols.length === 1 ? symbols[0] : symbols[place];
    if (own === undefined || own.length >= size || wraps) return;
    throw new ExpectedError({
      code: "alphabet-small",
      message: `${own.length} symbols cannot name the ${size} entries of a place`,
      where: source,
      hint: `choose an alphabet of at least ${size} symbols, or train with --entries ${2 ** Math.floor(Math.log2(own.length))} and more --places`,
    });
  });
}

function refusal(problem: string, source: string): ExpectedError {
  return new ExpectedError({
    code: "alphabet-symbols",
    message: `this is no alphabet: ${problem}`,
    where: source,
    hint: "an alphabet is a list of distinct single characters",
  });
}
