/** How messages show what stands in a file: never long, never deep, and with nothing in it that a terminal obeys. */

const LONGEST = 100;
const MOST = 20;

const short = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Control and format characters, which JSON leaves in part. */
function tame(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) as number).toString(16)}}`);
}

function showElement(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return tame(JSON.stringify(short(value)));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Strings in quotation marks, the first elements of a list, `an object`, `missing`. */
export function showValue(value: unknown): string {
  if (!Array.isArray(value) || value.some((element) => typeof element === "object")) return showElement(value);
  return `[${value.slice(0, MOST).map(showElement).join(",")}${value.length > MOST ? `,…] (${value.length})` : "]"}`;
}

/** A name or a choice: a string without quotation marks, anything else as {@link showValue} has it. */
export function showName(value: unknown): string {
  return typeof value === "string" ? tame(short(value).toWellFormed()) : showValue(value);
}
