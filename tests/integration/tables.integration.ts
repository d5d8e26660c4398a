/** The tables of a real run, compiled by a real TeX, and drawn: nothing is missing, nothing sticks out. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRun } from "../../harness/RunRecord.ts";
import { DEFAULT_MODEL } from "../../providers/embedded/sources/knownModels.ts";
import { latexFiles } from "../../reports/tables/latexTable.ts";
import { integrationFile } from "../../scripts/integrationParts.ts";
import { defaultModelFile } from "./defaultModelFile.ts";

const tex = integrationFile("tex");
const model = defaultModelFile();
if (!tex) console.warn("skipped: tables compiled by TeX, because it is missing (npm run setup:integration)");
if (!model) console.warn(`skipped: the tables of a real run (npm run isoglyph -- models pull ${DEFAULT_MODEL})`);

const root = mkdtempSync(join(tmpdir(), "isoglyph-tables-"));
afterAll(() => rmSync(root, { recursive: true }));

function command(name: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stdout.slice(-2000)}${stderr}`);
  return stdout;
}

/** What the log complains of: characters that no font has, boxes that stick out, whatever TeX stumbled over. */
function compiled(engine: "xelatex" | "pdflatex", file: string, folder: string): string[] {
  command(engine, ["-interaction=nonstopmode", "-halt-on-error", file], folder);
  const log = readFileSync(join(folder, file.replace(/\.tex$/, ".log")), "utf8");
  return log.split("\n").filter((line) => /^(!|Missing character|Overfull|LaTeX Font Warning: Some)/.test(line));
}

/** Page 1 as PNG, with the text that is on it. */
function page(pdf: string, folder: string): { bytes: number; text: string } {
  command("pdftoppm", ["-r", "80", "-png", "-f", "1", "-singlefile", pdf, "page"], folder);
  return { bytes: statSync(join(folder, "page.png")).size, text: command("pdftotext", ["-l", "1", pdf, "-"], folder) };
}

describe.skipIf(!tex)("TeX", () => {
  it("prints names with hanzi, Greek, Cyrillic and every special character", () => {
    const name = "50% & $x_1^2$ {a}\\b #~<汉字 Ж Ω>|\"'`-- “é”";
    const rows = Array.from({ length: 45 }, (_, i) => [
      `${name} ${i}`,
      { value: i + 0.5, low: i, high: i + 1, best: i === 3 },
    ]);
    const table = {
      name: "hostile",
      caption: name,
      keys: ["code"],
      columns: ["x", "y"],
      rows: rows.map((row) => [...row, "equivalent"]),
      notes: [name],
    };
    const missing = [["none", { missing: "nothing was read" }, "different"]];
    const tables = [table, { ...table, name: "missing", rows: missing }];
    writeFileSync(join(root, "hostile.tex"), latexFiles(tables)["tables.tex"] as string);
    expect(compiled("xelatex", "hostile.tex", root)).toEqual([]);
    const { bytes, text } = page("hostile.pdf", root);
    expect(bytes).toBeGreaterThan(10_000);
    expect(text).toContain("汉字");
    expect(text.replaceAll(/\s+/g, " ")).toContain("50% & $x_1^2$ {a}\\b #~<汉字 Ж Ω>|");
  });

  describe.skipIf(!model)("a real run", () => {
    const folder = join(root, "run");
    beforeAll(() => {
      const run = ["run", "suites/everyday/suite.yaml", "--profile", "quick", "--limit", "5", "--out", folder];
      // Gates may fail with so few items; the record is what is wanted.
      spawnSync(process.execPath, [resolve("harness/cli.ts"), ...run], { stdio: "ignore" });
      command(process.execPath, [resolve("harness/cli.ts"), "report", folder, "--format", "all"], ".");
    }, 600_000);

    it.each(["xelatex", "pdflatex"] as const)("compiles as it is: %s", (engine) => {
      const reports = join(folder, "reports");
      expect(compiled(engine, "tables.tex", reports)).toEqual([]);
      const { bytes, text } = page("tables.pdf", reports);
      expect(bytes).toBeGreaterThan(10_000);
      expect(text).toContain("no-articles");
      expect(text.replaceAll(/\s+/g, " ")).toContain(readRun(folder).manifest.signature.slice(0, 30));
    });

    it("goes into a paper of two columns by \\input", () => {
      const reports = join(folder, "reports");
      const inputs = readdirSync(join(reports, "tables")).filter((name) => name.endsWith(".tex"));
      const paper = [
        "\\documentclass[twocolumn]{article}",
        "\\usepackage{booktabs,graphicx}",
        "\\begin{document}",
        ...inputs.map((name) => `\\input{tables/${name}}`),
        "See Table~\\ref{tab:activations}.",
        "\\end{document}",
      ];
      writeFileSync(join(reports, "paper.tex"), paper.join("\n"));
      expect(compiled("pdflatex", "paper.tex", reports)).toEqual([]);
    });

    it("holds against the run, cell by cell", () => {
      for (const name of ["tables.tex", "tables.md", "results.csv"]) {
        const said = command(
          process.execPath,
          [resolve("harness/cli.ts"), "verify-table", join(folder, "reports", name), folder],
          ".",
        );
        expect(said).toMatch(/all [1-9]\d+ cells hold\n$/);
      }
    });
  });
});
