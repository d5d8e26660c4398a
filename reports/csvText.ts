/** A table as CSV after RFC 4180, with line feeds: what every report of rows and columns is written with. */
import { stringify } from "csv-stringify/sync";

/** A text, a number in full precision, or an empty cell; the reason of an empty one stands in a cell of its own. */
export type Cell = string | number | null;

function finite(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`a report was given the number ${value}`);
  return String(value);
}

/**
 * UTF-8 without a byte order mark. A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or
 * a carriage return) gets a leading apostrophe (OWASP, "CSV Injection"); numbers are left alone.
 * @throws Error for a number that is not finite: a missing value is null.
 */
export function csvText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return stringify([columns, ...rows], { cast: { number: finite }, escape_formulas: true, record_delimiter: "\n" });
}
