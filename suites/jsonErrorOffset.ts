/** Where a text stops being JSON. `JSON.parse` says so for some errors only, and never in short texts. */

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** A string up to its closing quote, which is not part of the match. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings
const OPEN_STRING = /"(?:[^"\\\u0000-\u001f]+|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*/y;

type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end";

/** Offset of the first character that cannot stand where it does (the text's length where it ends too early), or -1 for JSON. */
export function jsonErrorOffset(text: string): number {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const matched = pattern.test(text);
    if (matched) at = pattern.lastIndex;
    return matched;
  };
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  while (true) {
    take(SPACE);
    const char = text[at];
    if (expected === "comma or end" && open.length === 0) return char === undefined ? -1 : at;
    const close = open.at(-1) === "{" ? "}" : "]";
    const mayClose = expected === "comma or end" || expected === "value or ]" || expected === "key or }";
    if (mayClose && char === close) {
      open.pop();
      at++;
      expected = "comma or end";
    } else if (expected === "comma or end") {
      if (char !== ",") return at;
      at++;
      expected = close === "}" ? "key" : "value";
    } else if (expected === "colon") {
      if (char !== ":") return at;
      at++;
      expected = "value";
    } else if (char === '"') {
      take(OPEN_STRING);
      if (text[at] !== '"') return at;
      at++;
      expected = expected.startsWith("key") ? "colon" : "comma or end";
    } else if (expected.startsWith("key")) {
      return at;
    } else if (char === "{" || char === "[") {
      open.push(char);
      at++;
      expected = char === "{" ? "key or }" : "value or ]";
    } else {
      if (!take(SCALAR)) return at;
      expected = "comma or end";
    }
  }
}
