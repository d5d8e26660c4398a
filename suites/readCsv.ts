/** A CSV file (RFC 4180, comma, a header row), row by row, each with the line that it starts on. */

import type { Hash } from "node:crypto";
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { ExpectedError } from "../errors.ts";
import { readLines, type TextFile } from "./readLines.ts";

export interface CsvRow {
  /** The line of the file that the row starts on; the header's is usually 1. */
  readonly line: number;
  /** The header's cells come first, trimmed; every row has as many. */
  readonly cells: readonly string[];
}

/**
 * @returns the header, then the rows; lines of white space between rows are passed over.
 * @throws ExpectedError `${kind}-csv` for quotes and row lengths, and what readLines throws.
 */
export async function* readCsv(file: TextFile, hash: Hash): AsyncGenerator<CsvRow> {
  const starts: number[] = [];
  // A quoted cell may span lines; a row ends where the quotes so far are even, since an escaped quote is two.
  async function* fedLines(): AsyncGenerator<string> {
    let open = false;
    for await (const { number, text } of readLines(file, hash)) {
      if (!open && text.trim() === "") continue;
      if (!open) starts.push(number);
      if ((text.split('"').length - 1) % 2 === 1) open = !open;
      yield `${text}\n`;
    }
  }
  const source = Readable.from(fedLines());
  const parser = parse({ record_delimiter: ["\r\n", "\n"] });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let row = 0;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      yield { line: starts[row] as number, cells: row === 0 ? cells.map((cell) => cell.trim()) : cells };
      row++;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const record = error.records;
    const line = starts[typeof record === "number" ? record : row];
    throw new ExpectedError({
      code: `${file.kind}-csv`,
      where: `${file.path}:${line}`,
      ...explain(error),
      cause: error,
    });
  } finally {
    source.destroy();
  }
}

function explain(error: CsvError): { message: string; hint: string } {
  switch (error.code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const found = Array.isArray(error.record) ? error.record.length : "another number of";
      return {
        message: `the row that starts here has ${found} cells, the first row has another number`,
        hint: "give every row a cell for each column; put cells that contain a comma, a quote or a line break in quotes",
      };
    }
    case "CSV_QUOTE_NOT_CLOSED":
      return { message: "a quote that opens in this row is never closed", hint: 'write a quote within a cell as ""' };
    default:
      return {
        message: "a quote stands in the middle of a cell",
        hint: 'put the whole cell in quotes and write a quote within it as ""',
      };
  }
}
