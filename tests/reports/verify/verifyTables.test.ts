import { expect, test } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { csvReports } from "../../../reports/csvReports.ts";
import { csvTable } from "../../../reports/tables/csvTable.ts";
import { latexFiles, latexTable } from "../../../reports/tables/latexTable.ts";
import { markdownDocument } from "../../../reports/tables/markdownTable.ts";
import type { PaperTable } from "../../../reports/tables/PaperTable.ts";
import { runTables } from "../../../reports/tables/runTables.ts";
import { expectedTables } from "../../../reports/verify/expectedTables.ts";
import { verifyTables } from "../../../reports/verify/verifyTables.ts";
import { DRAWS, planted } from "../../harness/analysis/plantedRecord.ts";
import { sampleRecord } from "../sample.ts";

const candidates = { good: DRAWS.good, "rare_50%": DRAWS.chinese };
const record = planted({ seed: 3, models: ["one", "two"], candidates });
const analysis = analyze(record);
const expected = expectedTables(record, analysis);
const papers = runTables(record, analysis);
const activations = papers[0] as PaperTable;
const latex = latexTable(activations);
const markdown = markdownDocument(papers);
const csv = csvReports(record, analysis)["results.csv"] as string;
const verify = (text: string) => verifyTables(text, expected);
const cells = (text: string) => verify(text).tables.reduce((sum, table) => sum + table.cells, 0);

/** Cells that are held against the run: of each row all but those that name it. */
const counted = (tables: readonly PaperTable[]) =>
  tables.reduce((sum, { rows, columns }) => sum + rows.length * columns.length, 0);

test("every cell of every table that is written holds, and is counted", () => {
  expect(verify(latex)).toEqual({
    tables: [{ name: "activations", line: expect.any(Number), cells: counted([activations]) }],
    differences: [],
    unknown: [],
  });
  expect(cells(latexFiles(papers)["tables.tex"] as string)).toBe(counted(papers));
  expect(verify(markdown).differences).toEqual([]);
  expect(cells(markdown)).toBe(counted(papers));
  for (const text of [...Object.values(csvReports(record, analysis)), ...papers.map(csvTable)]) {
    const rows = text.trimEnd().split("\n").length - 1;
    expect(verify(text).differences).toEqual([]);
    expect(cells(text)).toBeGreaterThanOrEqual(rows);
  }
});

test("hostile names survive the way through CSV, LaTeX and Markdown", () => {
  const from = sampleRecord();
  const name = "=汉\u202e & |x_1| \\ ** $";
  const hostile = JSON.parse(JSON.stringify(from).replaceAll('"code"', JSON.stringify(name))) as typeof from;
  const found = analyze(hostile);
  const wanted = expectedTables(hostile, found);
  for (const text of [
    latexFiles(runTables(hostile, found))["tables.tex"] as string,
    markdownDocument(runTables(hostile, found)),
    ...Object.values(csvReports(hostile, found)),
  ]) {
    const { tables, differences } = verifyTables(text, wanted);
    expect(differences).toEqual([]);
    expect(tables.length).toBeGreaterThan(0);
  }
});

/** The text with one digit changed, for each digit of lines between `from` and `to`. */
function changed(text: string, isRow: (line: string) => boolean): { line: string; text: string }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) =>
    !isRow(line)
      ? []
      : // Neither the space between rows nor the definition of what a digit is.
        [...line.replace(/\\\\\[4pt\]$/, "").matchAll(/\d/g)].map(({ 0: digit, index }) => {
          const other = `${line.slice(0, index)}${(Number(digit) + 1) % 10}${line.slice(index + 1)}`;
          return { line: other, text: lines.with(at, other).join("\n") };
        }),
  );
}

test.each([
  ["LaTeX", latex, (line: string) => line.endsWith("\\\\[4pt]")],
  ["Markdown", markdown.split("\n\n").slice(0, 2).join("\n\n"), (line: string) => /^\| (one|two) /.test(line)],
  ["CSV", csv.split("\n").slice(0, 12).join("\n"), (line: string) => line.startsWith("planted")],
])("%s: a change of any single digit is caught", (_, text, isRow) => {
  expect(verify(text).differences).toEqual([]);
  const all = changed(text, isRow);
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((mutant) => verify(mutant.text).differences.length === 0).map(({ line }) => line)).toEqual([]);
});

test("a difference is named by line, row, column and both texts", () => {
  const text = latex.replace("\\midrule\none & good & 40 &", "\\midrule\none & good & 41 &");
  expect(verify(text).differences).toEqual([
    { table: "activations", line: expect.any(Number), row: "one, good", column: "n", found: "41", expected: "40" },
  ]);
  const at = verify(text).differences[0]?.line as number;
  expect(text.split("\n")[at - 1]).toContain("& 41 &");
});

test("pasted into a paper: other text, other layout, fewer rows and columns, merged names", () => {
  const rows = latex
    .split("\n")
    .filter((line) => line.endsWith("\\\\[4pt]"))
    .map((line) => line.replace("\\\\[4pt]", "").split(" & "));
  const interval = (cell: string | undefined) =>
    (cell ?? "").replace(/\\isointerval\{(.*)\}\{(.*)\}\{(.*)\}/, "$1 {\\scriptsize [$2,~$3]}");
  const paper = [
    "\\documentclass{article} % 9 % 9",
    "\\begin{document} As Table 1 shows, 100\\% of \\begin{tabular}{lr} a & 1 \\\\ \\end{tabular}",
    "\\begin{table*}\\begin{tabularx}{\\textwidth}{@{}l>{\\bfseries}lXr@{}}",
    "\\hline % condition & n",
    "\\textbf{verdict}&model&condition   &  K (nats) & \\multicolumn{1}{c}{n} \\tabularnewline[2pt]".replace(
      "\\tabularnewline",
      "\\\\",
    ),
    "\\cmidrule(lr){1-4}",
    ...rows
      .slice(0, 2)
      .map(
        ([model, condition, n, kl, , , , verdict], i) =>
          `${verdict} & ${i === 0 ? model : ""} & ${condition}\n   & ${interval(kl)} & \\textcolor{red}{${n}}\\footnote{So it is.} \\\\`,
      ),
    "\\end{tabularx}\\end{table*}",
  ].join("\n");
  const found = verify(paper);
  expect(found.differences).toEqual([]);
  expect(found.tables).toEqual([{ name: "activations", line: 5, cells: 6 }]);
  expect(found.unknown).toEqual([2]);
  expect(verify(paper.replace("textcolor{red}{40}", "textcolor{red}{48}")).differences).toMatchObject([
    { found: "48", expected: "40" },
  ]);

  const wide = markdown
    .replaceAll(" | ", "     |  ")
    .replaceAll("−", "-")
    .replace(/^\| one/m, "|one");
  expect(verify(`# Results\n\n${wide}\n\nAs said.`).differences).toEqual([]);
});

test("what a person may not do: other bold, other names, columns and rows that the run does not have", () => {
  const bold = latex.replace(/(one & rare\S+ & \d+ & \\isointerval\{)([\d.]+)/, "$1\\textbf{$2}");
  expect(verify(bold).differences).toMatchObject([
    { row: "one, rare_50%", column: "K (nats)", found: expect.stringContaining("in bold") },
  ]);
  // To take bold away, or an interval, claims less.
  expect(verify(latex.replaceAll("\\textbf", "")).differences).toEqual([]);
  expect(verify(latex.replaceAll(/\\isointerval\{([^{}]*)\}\{[^{}]*\}\{[^{}]*\}/g, "$1")).differences).toEqual([]);
  expect(verify(markdown.replace("| one   | good", "| one   | best")).differences).toMatchObject([
    { row: "one, best", expected: "no such row in the run" },
  ]);
  expect(verify(csv.replace("score_high", "scorehigh")).differences).toMatchObject([
    { column: "scorehigh", expected: "no such column in the run" },
  ]);
  expect(
    verify(csv.replace(/,model,/, ",").replaceAll(/^planted,(one|two),/gm, "planted,")).differences[0]?.expected,
  ).toBe("one row of 2: the column model is missing");
});

test("no table, another's table, or an empty one: nothing was checked", () => {
  for (const text of [
    "",
    "Prose, with commas.\n",
    "a,b\n1,2\n",
    "| a | b |\n| - | - |\n| 1 | 2 |\n",
    `${csv.split("\n")[0]}\n`,
  ])
    expect(cells(text)).toBe(0);
});
