import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { RunWriter } from "../../../harness/RunRecord.ts";
import { writeReports } from "../../../reports/writeReports.ts";
import { DRAWS, planted } from "../analysis/plantedRecord.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-verify-"));
const run = join(root, "run");
const tables = join(run, "reports/tables.md");
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(async () => {
  const record = planted({ seed: 3, candidates: { good: DRAWS.good } });
  const writer = new RunWriter(run);
  writer.writeManifest(record.manifest);
  for (const batch of record.batches) writer.append(batch);
  writer.close();
  await writeReports(run, record, analyze(record), ["markdown"]);
});

function verify(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve("harness/cli.ts"), "verify-table", ...args], {
    encoding: "utf8",
  });
  return { status, out: stdout, err: stderr };
}

test("0 and the number of cells where all hold", () => {
  const { status, out } = verify(tables, run);
  expect(status).toBe(0);
  expect(out).toMatch(/tables\.md, line 3: activations, \d+ cells checked\n/);
  expect(out).toMatch(/\nall [1-9]\d+ cells hold\n$/);
});

test("1 where a cell differs, which is named; --json says the same to a machine", () => {
  const file = join(root, "changed.md");
  writeFileSync(file, readFileSync(tables, "utf8").replace(/(\| original +\| +)40/, "$141"));
  const { status, out } = verify(file, run);
  expect(status).toBe(1);
  expect(out).toContain('activations, row "original", column "n": found "41", expected "40"');
  const json = verify(file, run, "--json");
  expect(json.status).toBe(1);
  expect(JSON.parse(json.out).differences).toMatchObject([
    { row: "original", column: "n", found: "41", expected: "40" },
  ]);
});

test("2 where no table of the run is recognised, or there is no file", () => {
  const file = join(root, "other.md");
  writeFileSync(file, "| a | b |\n| - | - |\n| 1 | 2 |\n");
  const { status, err } = verify(file, run);
  expect(status).toBe(2);
  expect(err).toContain("no table of the run was recognised");
  expect(verify(join(root, "absent.md"), run)).toMatchObject({ status: 2 });
});
