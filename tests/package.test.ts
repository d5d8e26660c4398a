/** What is published: the built files, and the command among them. */
import { execFileSync, spawnSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";

const node = process.execPath;

beforeAll(() => {
  execFileSync(node, ["scripts/build.ts"], { stdio: "pipe" });
}, 120_000);

test("the package carries what is read at run time, and no tests", () => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8", stdio: "pipe" }),
  ) as { files: { path: string }[] }[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  for (const path of [
    "bin/isoglyph.js",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/harness/cli.js",
    "dist/providers/embedded/sessionWorker.js",
    "dist/providers/transformers/worker.py",
    "dist/harness/audit/everyday.json",
    "dist/suites/reference/sentences.txt",
    "dist/suites/everyday/suite.yaml",
    "dist/suites/everyday/items.jsonl",
    "dist/suites/suite.schema.json",
    "LICENSE",
  ]) {
    expect(paths).toContain(path);
  }
  expect(paths.filter((path) => path.includes("tests/"))).toEqual([]);
});

test("the built command runs the engine in its worker", () => {
  const result = spawnSync(node, ["bin/isoglyph.js", "doctor", "--json"], { encoding: "utf8" });
  expect(result.status).toBe(0);
  const checks = JSON.parse(result.stdout) as { name: string; state: string }[];
  expect(checks.find(({ name }) => name === "isoglyph")?.state).toBe("ok");
  expect(checks.filter(({ state }) => state === "FAIL")).toEqual([]);
}, 120_000);
