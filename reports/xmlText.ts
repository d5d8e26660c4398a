/** Any text inside an XML attribute or element. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // As character references, or an attribute's value would lose them.
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** What XML 1.0 (section 2.2) has no way to say becomes the replacement character. */
export function xmlText(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0) as number;
      const allowed = code >= 0x20 || code === 9 || code === 10 || code === 13;
      const surrogate = code >= 0xd800 && code <= 0xdfff;
      return !allowed || surrogate || code === 0xfffe || code === 0xffff ? "\ufffd" : (ESCAPES[character] ?? character);
    })
    .join("");
}
