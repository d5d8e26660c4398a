/** A whole text as one CSV table, where its first line is one of the headings that are looked for. */
import { parse } from "csv-parse/sync";
import type { FoundTable } from "./FoundTable.ts";

/** Commas, and what a spreadsheet writes in other countries or to the clipboard. */
const DELIMITERS = [",", ";", "\t"];

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** @param known whether a heading is one of the run's CSV reports */
export function csvTables(text: string, known: (heading: string) => boolean): FoundTable[] {
  const [first = ""] = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const delimiter = DELIMITERS.find(
    (sign) => first.includes(sign) && first.split(sign).some((heading) => known(heading.replaceAll('"', "").trim())),
  );
  if (delimiter === undefined) return [];
  // A text that only happens to begin like a table, such as prose with commas, is none.
  const options = { bom: true, delimiter, relax_quotes: true, relax_column_count: true, info: true } as const;
  const [heading, ...rows] = parse(text, options) as unknown as Parsed[];
  if (heading === undefined) return [];
  return [
    {
      format: "csv",
      line: 1,
      headings: heading.record.map((name) => name.trim()),
      rows: rows.map(({ record, info }) => ({
        line: info.lines,
        cells: record.map((cell) => ({ text: cell, bold: false })),
      })),
    },
  ];
}
