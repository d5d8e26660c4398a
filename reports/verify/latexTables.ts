/** The tables of a LaTeX text: every `tabular`, `tabularx`, `longtable` and the like, with whatever stands around it. */
import { type FoundCell, type FoundTable, lineAt } from "./FoundTable.ts";
import { latexPlain } from "./latexPlain.ts";

const BEGIN = /\\begin\{(tabular\*?|tabularx|tabulary|longtable|supertabular|xltabular|NiceTabular|array)\}/g;
/** Environments that are told their width before their columns. */
const WITH_WIDTH = ["tabular*", "tabularx", "tabulary", "xltabular"];
const BOLD = /\\(textbf|mathbf|bfseries|boldmath|boldsymbol|bm)\b/;
/** Lines between rows, and what longtable repeats. */
const RULES =
  /\\(toprule|midrule|bottomrule|hline|endhead|endfirsthead|endfoot|endlastfoot)\b(\[[^\]]*\])?|\\(cmidrule|cline)(\([^)]*\))?(\[[^\]]*\])?(\([^)]*\))?\{[^}]*\}|\\(addlinespace|specialrule|noalign)\b(\[[^\]]*\])?(\{[^}]*\})*/g;
const MULTICOLUMN = /^\s*\\multicolumn\s*\{(\d+)\}/;

/** Comments and definitions of commands become spaces, so that places stay what they are. */
function code(text: string): string {
  const blank = (found: string) => found.replaceAll(/[^\n]/g, " ");
  return text
    .replaceAll(/(?<=(?:^|[^\\])(?:\\\\)*)%[^\n]*/g, blank)
    .replaceAll(/^[ \t]*\\(?:provide|new|renew)command[^\n]*/gm, blank);
}

/** Pieces between separators that stand outside of all braces, with their places. */
function split(text: string, separator: RegExp): { text: string; place: number }[] {
  const pieces: { text: string; place: number }[] = [];
  let [start, depth, at] = [0, 0, 0];
  while (at < text.length) {
    const found = depth === 0 ? separator.exec(text.slice(at))?.[0] : undefined;
    if (found !== undefined) {
      pieces.push({ text: text.slice(start, at), place: start });
      at += found.length;
      start = at;
    } else if (text[at] === "\\") at += 2;
    else {
      if (text[at] === "{") depth += 1;
      if (text[at] === "}") depth -= 1;
      at += 1;
    }
  }
  return [...pieces, { text: text.slice(start), place: start }];
}

/** Places after a group or a bracket; the same place where there is none. */
function after(text: string, place: number, open: string, close: string): number {
  const start = place + (/^\s*/.exec(text.slice(place))?.[0].length ?? 0);
  if (text[start] !== open) return place;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === open) depth += 1;
    else if (text[at] === close && --depth === 0) return at + 1;
  }
  return text.length;
}

function cellsOf(row: string): FoundCell[] {
  return split(row, /^&/).flatMap(({ text }) => {
    const cell = { text: latexPlain(text), bold: BOLD.test(text) };
    const columns = Number(MULTICOLUMN.exec(text)?.[1] ?? 1);
    return [cell, ...Array.from({ length: columns - 1 }, () => ({ text: "", bold: false }))];
  });
}

export function latexTables(source: string): FoundTable[] {
  const text = code(source);
  return [...text.matchAll(BEGIN)].flatMap((match): FoundTable[] => {
    const name = match[1] as string;
    let start = after(text, match.index + match[0].length, "[", "]");
    for (let i = WITH_WIDTH.includes(name) ? 0 : 1; i < 2; i++) start = after(text, start, "{", "}");
    const end = text.indexOf(`\\end{${name}}`, start);
    const body = text.slice(start, end === -1 ? text.length : end);
    const rows = split(body, /^\\\\\*?(\s*\[[^\]]*\])?/)
      .map((row) => ({ ...row, text: row.text.replaceAll(RULES, (rule) => " ".repeat(rule.length)) }))
      .filter((row) => row.text.trim() !== "")
      .map((row) => ({
        line: lineAt(source, start + row.place + (/^\s*/.exec(row.text)?.[0].length ?? 0)),
        cells: cellsOf(row.text),
      }));
    const [heading, ...rest] = rows;
    if (heading === undefined) return [];
    return [{ format: "latex", line: heading.line, headings: heading.cells.map((cell) => cell.text), rows: rest }];
  });
}
