/** A table as it was found in a text, whatever its format, before anybody knows what it is. */

export interface FoundCell {
  /** As it reads: without commands, footnote marks and spaces at its ends; every minus sign a hyphen. */
  readonly text: string;
  readonly bold: boolean;
}

export interface FoundTable {
  readonly format: "csv" | "latex" | "markdown";
  /** Of its first row, counted from 1. */
  readonly line: number;
  readonly headings: readonly string[];
  readonly rows: readonly { readonly line: number; readonly cells: readonly FoundCell[] }[];
}

/** The line that a place in a text is on, counted from 1. */
export function lineAt(text: string, place: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < place; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** One kind of space and of minus sign. */
export function plainText(text: string): string {
  return text.replaceAll("−", "-").replaceAll(/\s+/gu, " ").trim();
}
