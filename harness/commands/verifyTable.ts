import { readFileSync } from "node:fs";
import { EXIT, ExpectedError } from "../../errors.ts";
import { expectedTables } from "../../reports/verify/expectedTables.ts";
import { type Difference, verifyTables } from "../../reports/verify/verifyTables.ts";
import { analyze } from "../analysis/analyze.ts";
import { completeRun } from "./completeRun.ts";

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ExpectedError({
      code: "table-unreadable",
      message: `could not read ${file}: ${(error as Error).message}`,
      hint: "name a CSV, LaTeX or Markdown file with a table of the run",
      cause: error,
    });
  }
}

function place({ table, row, column }: Difference): string {
  const parts = [row === "" ? "" : `row "${row}"`, column === "" ? "" : `column "${column}"`];
  return [table, ...parts.filter((part) => part !== "")].join(", ");
}

/** Exit code 0: all cells hold; 1: some differ. @throws ExpectedError `table-not-recognised` where no cell was checked. */
export async function verifyTableCommand(
  file: string,
  folder: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const record = completeRun(folder);
  const found = verifyTables(textOf(file), expectedTables(record, analyze(record)));
  const { tables, differences, unknown } = found;
  const cells = tables.reduce((sum, table) => sum + table.cells, 0);
  if (cells === 0 && differences.length === 0) {
    const others =
      unknown.length === 0 ? "it holds no table" : `it holds ${unknown.length} tables, none of them the run's`;
    throw new ExpectedError({
      code: "table-not-recognised",
      message: `no table of the run was recognised in ${file}: ${others}`,
      where: unknown.length === 0 ? file : `${file}, line ${unknown.join(", ")}`,
      hint: "keep the headings as `isoglyph report --format latex,markdown,csv` writes them; rows, columns and spaces may change",
    });
  }
  // Before anything is printed: a reader that leaves early must not turn a difference into success.
  process.exitCode = differences.length > 0 ? EXIT.gate : EXIT.ok;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ file, folder, cells, ...found }, null, 2)}\n`);
    return;
  }
  const lines = [
    ...tables.map((table) => `${file}, line ${table.line}: ${table.name}, ${table.cells} cells checked`),
    ...(unknown.length === 0
      ? []
      : [`not checked, since they are none of the run's: tables at line ${unknown.join(", ")}`]),
    ...differences.map(
      (difference) =>
        `DIFFERS  ${file}, line ${difference.line}: ${place(difference)}: found ${JSON.stringify(difference.found)}, expected ${JSON.stringify(difference.expected)}`,
    ),
    differences.length === 0
      ? `all ${cells} cells hold`
      : `${differences.length} ${differences.length === 1 ? "difference" : "differences"} in ${cells} cells checked`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
