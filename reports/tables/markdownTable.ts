/** A paper table as GitHub-flavoured Markdown, with aligned columns. */
import { cellNotes, letters, noteMark, type PaperCell, type PaperTable } from "./PaperTable.ts";
import { printedNumber } from "./printedNumber.ts";

/** Any text as Markdown that prints it, on one line. */
export function markdownText(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, codePoint)
    .replaceAll(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;");
}

/** What a reader would not see, or what would turn around the text beside it. */
const codePoint = (text: string) => `U+${(text.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;

const number = (text: string) => text.replace("-", "−");

/** A cell as it stands in a row. */
function markdownCell(cell: PaperCell, notes: readonly string[] = []): string {
  const mark = noteMark(cell, notes);
  const noted = mark === "" ? "" : `<sup>${mark}</sup>`;
  if (typeof cell === "string") return markdownText(cell);
  if ("missing" in cell) return `–${noted}`;
  const { value, low, high } = printedNumber(cell);
  const sign = cell.bound === undefined ? "" : cell.bound === "lower" ? "≥ " : "≤ ";
  const centre = `${sign}${number(value)}`;
  const interval = low === null || high === null ? "" : ` [${number(low)}, ${number(high)}]`;
  return `${cell.best ? `**${centre}**` : centre}${noted}${interval}`;
}

/** Caption, table, notes. */
export function markdownTable(table: PaperTable): string {
  const { caption, keys, columns, rows } = table;
  const notes = cellNotes(table);
  const lines = [
    [...keys, ...columns].map(markdownText),
    ...rows.map((row) => row.map((cell) => markdownCell(cell, notes))),
  ];
  const widths = lines[0]?.map((_, at) => Math.max(3, ...lines.map((line) => line[at]?.length ?? 0))) ?? [];
  const numeric = widths.map((_, at) => rows.some((row) => typeof row[at] !== "string"));
  const draw = (line: readonly string[]) =>
    `| ${line.map((text, at) => (numeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const divider = `| ${widths.map((width, at) => (numeric[at] ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  const below = [
    ...table.notes.map(markdownText),
    ...notes.map((note, at) => `<sup>${letters(at)}</sup> ${markdownText(note)}.`),
  ];
  const [heading = [], ...body] = lines;
  return [
    `**${markdownText(caption)}**`,
    "",
    draw(heading),
    divider,
    ...body.map(draw),
    ...(below.length === 0 ? [] : ["", below.join(" ")]),
    "",
  ].join("\n");
}

export function markdownDocument(tables: readonly PaperTable[]): string {
  return tables.map(markdownTable).join("\n");
}
