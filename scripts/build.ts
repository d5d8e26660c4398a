/** Compiles to dist/ and copies what is read at run time: suites, their schema, the corpus, the Python worker, the style and script of the HTML report. */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
const python = readdirSync("providers/transformers").filter((name) => name.endsWith(".py"));
for (const path of [
  ...python.map((name) => `providers/transformers/${name}`),
  "harness/audit/everyday.json",
  "harness/judges/prompts",
  "reports/html/page.css",
  "reports/html/page.js",
  "suites/everyday",
  "suites/reference",
  "suites/suite.schema.json",
]) {
  cpSync(path, `dist/${path}`, { recursive: true });
}
