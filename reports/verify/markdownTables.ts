/** The pipe tables of a Markdown text (GitHub Flavored Markdown, "Tables"). */
import { type FoundCell, type FoundTable, plainText } from "./FoundTable.ts";

const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&nbsp;": " ",
  "&minus;": "-",
};

const isRow = (line: string) => line.includes("|");

function cell(source: string): FoundCell {
  const bold = /(?<!\\)\*\*|(?<!\\)__|<(b|strong)>/i.test(source);
  const text = source
    .replaceAll(/<sup>.*?<\/sup>|\[\^[^\]]*\]/gi, "")
    .replaceAll(/<\/?[a-z][^>]*>/gi, "")
    .replaceAll(/\\([!-/:-@[-`{-~])|[*_`]/g, (_, escaped: string | undefined) => escaped ?? "")
    .replaceAll(/&(amp|lt|gt|nbsp|minus);/g, (entity) => ENTITIES[entity] as string);
  return { text: plainText(text), bold };
}

function cells(line: string): FoundCell[] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map(cell);
}

export function markdownTables(text: string): FoundTable[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, at): FoundTable[] => {
    const heading = lines[at - 1];
    if (heading === undefined || !DELIMITER.test(line) || !isRow(line) || !isRow(heading)) return [];
    const end = lines.findIndex((other, i) => i > at && !isRow(other));
    const body = lines.slice(at + 1, end === -1 ? lines.length : end);
    return [
      {
        format: "markdown",
        line: at,
        headings: cells(heading).map((found) => found.text),
        rows: body.map((row, i) => ({ line: at + 2 + i, cells: cells(row) })),
      },
    ];
  });
}
