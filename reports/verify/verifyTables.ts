/**
 * Holds the tables of a text against those of a run, cell by cell. Tables are recognised by their headings, rows by the
 * columns that name them: rows and columns may be left out, put into another order, or aligned in another way.
 */
import { csvTables } from "./csvTables.ts";
import type { ExpectedCell, ExpectedTable } from "./expectedTables.ts";
import type { FoundCell, FoundTable } from "./FoundTable.ts";
import { latexTables } from "./latexTables.ts";
import { markdownTables } from "./markdownTables.ts";

export interface Difference {
  readonly table: string;
  readonly line: number;
  readonly row: string;
  readonly column: string;
  readonly found: string;
  readonly expected: string;
}

export interface Verification {
  /** Tables that were recognised, and the cells of each that were held against the run; keys are not counted. */
  readonly tables: readonly { readonly name: string; readonly line: number; readonly cells: number }[];
  readonly differences: readonly Difference[];
  /** Lines at which tables begin that are none of the run's. */
  readonly unknown: readonly number[];
}

const bare = (text: string) => text.replaceAll(/\s+/gu, "");

/** A number's digits and the power of ten of the first, whatever its notation; null for what is no number. */
function digits(text: string): string | null {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim()) ?? [];
  if (sign === undefined || whole + fraction === "") return null;
  const all = `${whole}${fraction}`;
  const significant = all.replace(/^0+/, "");
  if (significant === "") return "0";
  const power = whole.length - (all.length - significant.length) + Number(exponent);
  return `${sign === "-" ? "-" : ""}${significant.replace(/0+$/, "")}e${power}`;
}

/**
 * A number may be written in another way (1e-7 and 0.0000001), digit by digit: two numbers that differ in the last of 17
 * digits can be the same to a computer, and are not to a reader. A paper may leave an interval out.
 */
function agrees(found: string, expected: string, format: FoundTable["format"]): boolean {
  if (found === expected) return true;
  if (format === "csv") return digits(found) !== null && digits(found) === digits(expected);
  return (
    bare(found) === bare(expected) || (expected.includes("[") && bare(found) === bare(expected.replace(/\[.*\]$/, "")))
  );
}

/** The run's table with the most headings in common, if these are half of what was found and name rows. */
function recognised(found: FoundTable, expected: readonly ExpectedTable[]): ExpectedTable | undefined {
  const common = ({ headings }: ExpectedTable) => found.headings.filter((name) => headings.includes(name)).length;
  const [best] = expected
    .filter(({ formats, keys }) => formats.includes(found.format) && keys.some((key) => found.headings.includes(key)))
    .filter((table) => common(table) >= 2 && common(table) >= found.headings.length / 2)
    .sort((a, b) => common(b) - common(a));
  return best;
}

/** Rows by the texts of the columns that name them, as far as the found table has these. */
class Rows {
  private readonly keys: readonly string[];
  private readonly expected: ExpectedTable;
  private readonly byKey = new Map<string, (readonly ExpectedCell[])[]>();

  constructor(found: FoundTable, expected: ExpectedTable) {
    this.expected = expected;
    this.keys = expected.keys.filter((key) => found.headings.includes(key));
    for (const row of expected.rows) {
      const key = JSON.stringify(this.keys.map((name) => row[expected.headings.indexOf(name)]?.text));
      this.byKey.set(key, [...(this.byKey.get(key) ?? []), row]);
    }
  }

  /** The row's names, with those of the row above where a paper merges equal ones. */
  names(found: FoundTable, cells: readonly FoundCell[], above: readonly string[]): string[] {
    return this.keys.map((key, i) => {
      const text = cells[found.headings.indexOf(key)]?.text ?? "";
      return text === "" && found.format !== "csv" ? (above[i] ?? "") : text;
    });
  }

  row(names: readonly string[]): readonly ExpectedCell[] | string {
    const rows = this.byKey.get(JSON.stringify(names)) ?? [];
    if (rows.length === 1) return rows[0] as readonly ExpectedCell[];
    const absent = this.expected.keys.filter((key) => !this.keys.includes(key));
    return rows.length === 0
      ? "no such row in the run"
      : `one row of ${rows.length}: the column ${absent.join(", ")} is missing`;
  }

  isKey(heading: string): boolean {
    return this.keys.includes(heading);
  }
}

function verifyTable(found: FoundTable, expected: ExpectedTable): { cells: number; differences: Difference[] } {
  const rows = new Rows(found, expected);
  const differences: Difference[] = [];
  const differ = (line: number, row: string, column: string, text: string, wanted: string) =>
    differences.push({ table: expected.name, line, row, column, found: text, expected: wanted });
  for (const heading of found.headings) {
    if (!expected.headings.includes(heading)) differ(found.line, "", heading, heading, "no such column in the run");
  }
  let checked = 0;
  let above: readonly string[] = [];
  for (const { line, cells } of found.rows) {
    // A line across the table, such as a heading of a group, has no cells of its own.
    if (found.format !== "csv" && cells.slice(1).every(({ text }) => text === "")) continue;
    const names = rows.names(found, cells, above);
    above = names;
    const row = rows.row(names);
    const name = names.join(", ");
    if (typeof row === "string") {
      differ(line, name, "", name, row);
      continue;
    }
    found.headings.forEach((heading, at) => {
      const wanted = row[expected.headings.indexOf(heading)];
      if (wanted === undefined || rows.isKey(heading)) return;
      const cell = cells[at];
      checked += 1;
      if (cell === undefined) differ(line, name, heading, "no cell", wanted.text);
      else if (!agrees(cell.text, wanted.text, found.format)) differ(line, name, heading, cell.text, wanted.text);
      else if (cell.bold && !wanted.best)
        differ(line, name, heading, `${cell.text} in bold`, `${wanted.text}, not significantly best`);
    });
    if (cells.length > found.headings.length)
      differ(line, name, "", `${cells.length} cells`, `${found.headings.length}, as the table has headings`);
  }
  return { cells: checked, differences };
}

export function verifyTables(text: string, expected: readonly ExpectedTable[]): Verification {
  const csvHeadings = new Set(expected.filter(({ formats }) => formats.includes("csv")).flatMap(({ keys }) => keys));
  const all = [...latexTables(text), ...markdownTables(text)];
  const found = all.length > 0 ? all : csvTables(text, (heading) => csvHeadings.has(heading));
  const tables: { name: string; line: number; cells: number }[] = [];
  const differences: Difference[] = [];
  const unknown: number[] = [];
  for (const table of found) {
    const known = recognised(table, expected);
    if (known === undefined) {
      unknown.push(table.line);
      continue;
    }
    const verified = verifyTable(table, known);
    tables.push({ name: known.name, line: table.line, cells: verified.cells });
    differences.push(...verified.differences);
  }
  return { tables, differences, unknown };
}
