/** HTML in which every inserted text is a text: tags, quotes and control characters in it stay what they are. */

/** Made by `html`; nothing else is inserted as it is. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Inserted = string | number | Markup | readonly Markup[] | null;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that HTML does not allow in a text, shown as the replacement character. */
const FORBIDDEN = /(?![\t\n\r])\p{Cc}|\p{Cs}/gu;

export const escapeText = (text: string) =>
  text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

function inserted(value: Inserted): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("\n");
  return escapeText(String(value));
}

export function html(parts: TemplateStringsArray, ...values: readonly Inserted[]): Markup {
  return new Markup(parts.map((part, i) => part + (i < values.length ? inserted(values[i] ?? null) : "")).join(""));
}

/** JSON for a script element: no tag can begin inside it. */
export const jsonText = (value: unknown) =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
