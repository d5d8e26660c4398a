/**
 * A table for a paper, before it is LaTeX, Markdown or CSV: texts, numbers with their intervals, and reasons where a
 * number is missing. Renderers differ in row, divider and escape only (latexTable.ts, markdownTable.ts, csvTable.ts).
 */

export interface PaperTable {
  /** Of its file and its label: small letters, digits and hyphens. */
  readonly name: string;
  /** One paragraph: what is shown, n, model, signature. */
  readonly caption: string;
  /** The first columns, whose texts name a row: every two rows differ in at least one of them. */
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  /** One cell a key, then one a column. */
  readonly rows: readonly (readonly PaperCell[])[];
  /** Sentences below the table; those of single cells follow them with their marks. */
  readonly notes: readonly string[];
}

/** A number in full precision: it is rounded when it is rendered (printedNumber.ts). */
export interface PaperNumber {
  readonly value: number;
  /** 95 % interval, in the same unit; both null where there is none. */
  readonly low: number | null;
  readonly high: number | null;
  /** The value is known to lie at or above (`lower`), or at or below (`upper`), the number. */
  readonly bound?: "lower" | "upper";
  /** Significantly best of those that it stands among, after correction for multiplicity. */
  readonly best?: boolean;
  /** A footnote, such as why there is no interval. */
  readonly note?: string;
}

/** A number that there is not, and why. */
export interface Missing {
  readonly missing: string;
}

export type PaperCell = string | PaperNumber | Missing;

/** The notes of single cells, each once, in the order in which they appear; its place gives a note its mark. */
export function cellNotes({ rows }: PaperTable): string[] {
  return [...new Set(rows.flat().flatMap((cell) => cellNote(cell) ?? []))];
}

/** What a cell's footnote says; undefined where it has none. */
export function cellNote(cell: PaperCell): string | undefined {
  if (typeof cell === "string") return undefined;
  return "missing" in cell ? cell.missing : cell.note;
}

/** a … z, aa, ab …; an empty text for a cell without a note. */
export function noteMark(cell: PaperCell, notes: readonly string[]): string {
  const note = cellNote(cell);
  return note === undefined ? "" : letters(notes.indexOf(note));
}

export function letters(place: number): string {
  const last = String.fromCharCode(97 + (place % 26));
  return place < 26 ? last : `${letters(Math.floor(place / 26) - 1)}${last}`;
}
