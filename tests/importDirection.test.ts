/** Import direction is data direction: suites, codecs, providers → harness → reports. One planted violation an edge. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const forms = {
  value: (specifier: string) => `import { x } from "${specifier}";\nconsole.log(x);\n`,
  type: (specifier: string) => `import type { X } from "${specifier}";\nexport type Y = X;\n`,
  dynamic: (specifier: string) => `export const load = () => import("${specifier}");\n`,
};

const violations: [from: string, to: string][] = [
  ["suites/planted.ts", "../codecs/contract.ts"],
  ["suites/planted.ts", "../providers/contract.ts"],
  ["suites/planted.ts", "../harness/run.ts"],
  ["codecs/planted.ts", "../suites/Suite.ts"],
  ["codecs/planted.ts", "../providers/embedded/Engine.ts"],
  ["codecs/planted.ts", "../harness/run.ts"],
  ["providers/embedded/planted.ts", "../../codecs/contract.ts"],
  ["providers/embedded/planted.ts", "../../harness/run.ts"],
  ["harness/planted.ts", "../providers/embedded/Engine.ts"],
  ["harness/analysis/planted.ts", "../../reports/summary.ts"],
  ["reports/planted.ts", "../providers/contract.ts"],
  ["reports/planted.ts", "../harness/commands/run.ts"],
];

const allowed: typeof violations = [
  ["codecs/planted.ts", "../providers/contract.ts"],
  ["harness/planted.ts", "../providers/contract.ts"],
  ["harness/planted.ts", "../codecs/registry.ts"],
  ["harness/commands/planted.ts", "../../providers/embedded/openModel.ts"],
  ["harness/commands/planted.ts", "../../reports/summary.ts"],
  ["reports/planted.ts", "../harness/RunRecord.ts"],
];

const folder = mkdtempSync(join(tmpdir(), "isoglyph-imports-"));
const planted = (list: typeof violations, label: string) =>
  list.flatMap(([from, to], i) =>
    Object.keys(forms).map((form) => ({ from, to, form, path: from.replace("planted", `${label}-${i}-${form}`) })),
  );
const wrong = planted(violations, "wrong");
const right = planted(allowed, "right");
let refused: string[] = [];

beforeAll(() => {
  cpSync("biome.json", join(folder, "biome.json"));
  for (const { path, to, form } of [...wrong, ...right]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), forms[form as keyof typeof forms](to));
  }
  const biome = spawnSync(
    process.execPath,
    [
      resolve("node_modules/@biomejs/biome/bin/biome"),
      "lint",
      "--vcs-enabled=false",
      "--only=style/noRestrictedImports",
      "--max-diagnostics=none",
      "--reporter=github",
    ],
    { cwd: folder, encoding: "utf8" },
  );
  const lines = biome.stdout.split("\n").filter((line) => line.includes("noRestrictedImports"));
  refused = lines.map((line) => /file=([^,]+)/.exec(line)?.[1] ?? "");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(wrong)("$from must not import $to ($form)", ({ path }) => {
  expect(refused.some((file) => file.endsWith(path))).toBe(true);
});

test.each(right)("$from may import $to ($form)", ({ path }) => {
  expect(refused.some((file) => file.endsWith(path))).toBe(false);
});
