/**
 * A paper table as LaTeX: a `table` with booktabs rules that is `\input` into a paper, and a document of several that
 * compiles as it is, with pdfLaTeX, XeLaTeX or LuaLaTeX.
 *
 * Numbers go through three commands that a paper may define for itself before the first `\input`:
 * `\isointerval{value}{low}{high}` (the interval below its value), `\isohanzi{text}` (a font), `\isonote{a}` (a mark).
 */
import { csvTable } from "./csvTable.ts";
import { latexText } from "./latexText.ts";
import { cellNotes, letters, noteMark, type PaperCell, type PaperTable } from "./PaperTable.ts";
import { printedNumber } from "./printedNumber.ts";

/** More rows would not fit on a page with their intervals. */
const ROWS_A_PAGE = 20;

/** More columns are not legible in half a page. */
const COLUMNS_ABREAST = 5;

const COMMANDS = [
  "\\providecommand{\\isointerval}[3]{\\begin{tabular}[t]{@{}r@{}}#1\\\\[-0.4ex]{\\scriptsize[#2,\\,#3]}\\end{tabular}}",
  "\\providecommand{\\isohanzi}[1]{#1}",
  "\\providecommand{\\isonote}[1]{\\textsuperscript{#1}}",
  "\\ifdefined\\isobox\\else\\newsavebox{\\isobox}\\fi",
];

const number = (text: string) => (text.startsWith("-") ? `$-$${text.slice(1)}` : text);

/** A cell as it stands in a row. */
export function latexCell(cell: PaperCell, notes: readonly string[] = []): string {
  const mark = noteMark(cell, notes);
  const noted = (text: string) => (mark === "" ? text : `${text}\\isonote{${mark}}`);
  if (typeof cell === "string") return latexText(cell);
  if ("missing" in cell) return noted("\\textendash{}");
  const { value, low, high } = printedNumber(cell);
  const sign = cell.bound === undefined ? "" : cell.bound === "lower" ? "$\\geq$" : "$\\leq$";
  const best = (text: string) => (cell.best ? `\\textbf{${text}}` : text);
  const centre = noted(best(`${sign}${number(value)}`));
  return low === null || high === null ? centre : `\\isointerval{${centre}}{${number(low)}}{${number(high)}}`;
}

function alignment({ rows }: PaperTable, columns: number): string {
  const numeric = (at: number) => rows.some((row) => typeof row[at] !== "string");
  return Array.from({ length: columns }, (_, at) => (numeric(at) ? "r" : "l")).join("");
}

function environment(table: PaperTable, part: number, parts: number): string {
  const { name, caption, keys, columns } = table;
  const rows = table.rows.slice(part * ROWS_A_PAGE, (part + 1) * ROWS_A_PAGE);
  const notes = cellNotes(table);
  const headings = [...keys, ...columns];
  const below = [
    ...table.notes.map(latexText),
    ...notes.map((note, at) => `\\isonote{${letters(at)}}~${latexText(note)}.`),
  ];
  // Over both columns of a paper that has two.
  const float = headings.length > COLUMNS_ABREAST ? "table*" : "table";
  const continued = part === 0 ? "" : ` (continued, ${part + 1} of ${parts})`;
  return [
    `\\begin{${float}}[htbp]`,
    "\\centering",
    `\\caption{${latexText(`${caption}${continued}`)}}`,
    `\\label{tab:${name}${part === 0 ? "" : `-${part + 1}`}}`,
    "\\medskip",
    "\\footnotesize",
    "\\setlength{\\tabcolsep}{3pt}",
    "\\begin{lrbox}{\\isobox}",
    `\\begin{tabular}{@{}${alignment(table, headings.length)}@{}}`,
    "\\toprule",
    `${headings.map(latexText).join(" & ")} \\\\`,
    "\\midrule",
    ...rows.map((row) => `${row.map((cell) => latexCell(cell, notes)).join(" & ")} \\\\[4pt]`),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{lrbox}",
    // No wider than the column that it stands in.
    "\\ifdim\\wd\\isobox>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\isobox}}\\else\\usebox{\\isobox}\\fi",
    ...(below.length === 0 ? [] : ["", `\\par\\smallskip\\parbox{0.95\\linewidth}{\\scriptsize ${below.join(" ")}}`]),
    `\\end{${float}}`,
  ].join("\n");
}

/** For `\input`: one `table`, or several where there are more rows than a page holds. Needs the packages booktabs and graphicx. */
export function latexTable(table: PaperTable): string {
  const parts = Math.max(1, Math.ceil(table.rows.length / ROWS_A_PAGE));
  const made = Array.from({ length: parts }, (_, part) => environment(table, part, parts));
  return `${[...COMMANDS, ...made].join("\n")}\n`;
}

/** Hanzi by the first font of these that is there; pdfLaTeX sets them with CJKutf8. */
const FONTS = [
  "Noto Sans CJK SC",
  "Noto Serif CJK SC",
  "Source Han Sans SC",
  "FandolSong-Regular",
  "SimSun",
  "PingFang SC",
];

function preamble(): string[] {
  const choose = FONTS.reduceRight(
    (otherwise, font) => `\\IfFontExistsTF{${font}}{\\newfontfamily\\isohanzifont{${font}}}{${otherwise}}`,
    "\\let\\isohanzifont\\relax",
  );
  return [
    "\\documentclass[10pt,a4paper]{article}",
    "\\usepackage[margin=2cm]{geometry}",
    "\\usepackage{booktabs,graphicx,textcomp,iftex}",
    "\\ifPDFTeX",
    "  \\usepackage[T1]{fontenc}",
    "  \\usepackage[utf8]{inputenc}",
    "  \\usepackage{lmodern}",
    "  % Hanzi with pdfLaTeX take the package CJKutf8 (texlive-lang-chinese); XeLaTeX and LuaLaTeX take any font.",
    "  \\IfFileExists{CJKutf8.sty}{\\usepackage{CJKutf8}%",
    "    \\newcommand{\\isohanzi}[1]{\\begin{CJK}{UTF8}{gbsn}#1\\end{CJK}}}{}",
    "\\else",
    "  \\usepackage{fontspec}",
    `  ${choose}`,
    "  \\newcommand{\\isohanzi}[1]{{\\isohanzifont #1}}",
    "\\fi",
  ];
}

/** A document that compiles as it is. */
function latexDocument(tables: readonly PaperTable[]): string {
  return `${[...preamble(), "\\begin{document}", ...tables.map((table) => `\n${latexTable(table)}\\clearpage`), "\\end{document}"].join("\n")}\n`;
}

/** tables.tex, which compiles as it is; each table for `\input`, and its numbers in full precision: by path. */
export function latexFiles(tables: readonly PaperTable[]): Record<string, string> {
  return {
    "tables.tex": latexDocument(tables),
    ...Object.fromEntries(
      tables.flatMap((table) => [
        [`tables/${table.name}.tex`, latexTable(table)],
        [`tables/${table.name}.csv`, csvTable(table)],
      ]),
    ),
  };
}
