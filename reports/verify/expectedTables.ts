/** Every table that the reports of a run contain, cell by cell as it reads in its format. */
import { parse } from "csv-parse/sync";
import type { Analysis } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { CSV_COLUMNS } from "../csvColumns.ts";
import { csvReports } from "../csvReports.ts";
import { csvTable } from "../tables/csvTable.ts";
import { latexCell } from "../tables/latexTable.ts";
import { latexText } from "../tables/latexText.ts";
import { cellNotes, type PaperCell, type PaperTable } from "../tables/PaperTable.ts";
import { runTables } from "../tables/runTables.ts";
import type { FoundTable } from "./FoundTable.ts";
import { latexPlain } from "./latexPlain.ts";

export interface ExpectedCell {
  readonly text: string;
  /** Whether it may be bold. */
  readonly best: boolean;
}

export interface ExpectedTable {
  readonly name: string;
  readonly formats: readonly FoundTable["format"][];
  readonly headings: readonly string[];
  /** Headings of the columns that name a row. */
  readonly keys: readonly string[];
  readonly rows: readonly (readonly ExpectedCell[])[];
}

const plain = (text: string): ExpectedCell => ({ text, best: false });

/** As it reads in LaTeX and in Markdown alike: both are made from the same cells. */
function expectedPaperTable(table: PaperTable): ExpectedTable {
  const notes = cellNotes(table);
  const text = (cell: PaperCell): ExpectedCell => ({
    text: latexPlain(latexCell(cell, notes)),
    best: typeof cell !== "string" && !("missing" in cell) && cell.best === true,
  });
  return {
    name: table.name,
    formats: ["latex", "markdown"],
    headings: [...table.keys, ...table.columns].map((heading) => latexPlain(latexText(heading))),
    keys: table.keys.map((heading) => latexPlain(latexText(heading))),
    rows: table.rows.map((row) => row.map(text)),
  };
}

function expectedCsv(name: string, csv: string, keys: readonly string[]): ExpectedTable {
  const [headings = [], ...rows] = parse(csv) as string[][];
  return { name, formats: ["csv"], headings, keys, rows: rows.map((row) => row.map(plain)) };
}

export function expectedTables(record: RunRecord, analysis: Analysis): ExpectedTable[] {
  const papers = runTables(record, analysis);
  const keysOf = (file: string) => (CSV_COLUMNS[file] ?? []).filter(({ key }) => key).map(({ name }) => name);
  return [
    ...papers.map(expectedPaperTable),
    ...papers.map((table) => expectedCsv(`${table.name} (CSV)`, csvTable(table), table.keys)),
    ...Object.entries(csvReports(record, analysis)).map(([file, csv]) =>
      expectedCsv(file, csv, file === "dictionary.csv" ? ["file", "column"] : keysOf(file)),
    ),
  ];
}
