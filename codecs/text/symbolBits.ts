/**
 * Bits as symbols of an alphabet, and back: the bits behind a leading 1 are one whole number, whose digits in base n are
 * the symbols. That costs 1 bit for the leading one and on average half a symbol for the last digit.
 */
import { ExpectedError } from "../../errors.ts";

export function symbolsOfBits(bits: string, alphabet: readonly string[]): string {
  const base = BigInt(alphabet.length);
  const symbols: string[] = [];
  for (let rest = BigInt(`0b1${bits}`); rest > 0n; rest /= base) symbols.push(alphabet[Number(rest % base)] as string);
  return symbols.reverse().join("");
}

/** @throws ExpectedError `code-damaged`, with the symbol. */
export function bitsOfSymbols(text: string, alphabet: readonly string[]): string {
  const digits = new Map(alphabet.map((symbol, digit) => [symbol, BigInt(digit)]));
  const base = BigInt(alphabet.length);
  let value = 0n;
  for (const [place, symbol] of [...text].entries()) {
    const digit = digits.get(symbol);
    if (digit === undefined)
      throw damaged(`${JSON.stringify(symbol)}, symbol ${place + 1}, is not in the alphabet`, text);
    if (place === 0 && digit === 0n) throw damaged("it begins with the alphabet's zero", text);
    value = value * base + digit;
  }
  if (value === 0n) throw damaged("it is empty", text);
  return value.toString(2).slice(1);
}

export function damaged(reason: string, text: string): ExpectedError {
  return new ExpectedError({
    code: "code-damaged",
    message: `this is no code, or a damaged one: ${reason}`,
    where: JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text),
    hint: "decode exactly what encode gave, with the same alphabet",
  });
}
