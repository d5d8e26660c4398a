/** Compiles to dist/ and copies what is read at run time: suites, their schema, the corpus. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
for (const path of ["suites/everyday", "suites/reference", "suites/suite.schema.json"]) {
  cpSync(path, `dist/${path}`, { recursive: true });
}
