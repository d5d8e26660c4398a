/** A paper table as CSV, in full precision: a number takes three columns, its value and the ends of its interval. */
import { type Cell, csvText } from "../csvText.ts";
import { cellNote, type PaperCell, type PaperTable } from "./PaperTable.ts";

function cells(cell: PaperCell | undefined, numeric: boolean): Cell[] {
  if (!numeric) return [typeof cell === "string" ? cell : ""];
  if (cell === undefined || typeof cell === "string") return [cell ?? "", null, null];
  return "missing" in cell ? [null, null, null] : [cell.value, cell.low, cell.high];
}

/** `notes` has what the footnotes say, with the column that each belongs to. */
export function csvTable({ keys, columns, rows }: PaperTable): string {
  const headings = [...keys, ...columns];
  const numeric = headings.map((_, at) => rows.some((row) => typeof row[at] !== "string"));
  const named = headings.flatMap((name, at) => (numeric[at] ? [name, `${name} low`, `${name} high`] : [name]));
  const notes = (row: readonly PaperCell[]) =>
    headings.flatMap((name, at) => {
      const cell = row[at] as PaperCell;
      const bound =
        typeof cell === "string" || "missing" in cell || cell.bound === undefined ? [] : [`${cell.bound} bound`];
      return [...bound, cellNote(cell) ?? ""].filter((text) => text !== "").map((text) => `${name}: ${text}`);
    });
  return csvText(
    [...named, "notes"],
    rows.map((row) => [...row.flatMap((cell, at) => cells(cell, numeric[at] === true)), notes(row).join("; ")]),
  );
}
