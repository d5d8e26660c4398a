/** What is kept stays below its bound, the least used goes first, and the command says and clears what there is. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AnswerCache } from "../../harness/AnswerCache.ts";
import { filesBelow, pruneFolder } from "../../harness/pruneFolder.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-cache-"));
afterAll(() => rmSync(root, { recursive: true }));

test("what was not used for longest goes first, down to the bound", async () => {
  const folder = join(root, "answers");
  const cache = new AnswerCache(folder);
  for (const key of ["a", "b", "c"]) await cache.remember(key, async () => key.repeat(500));
  const files = filesBelow(folder);
  expect(files).toHaveLength(3);
  for (const { path } of files) utimesSync(path, 1000, 1000);
  // Used once more, so the newest.
  expect(await cache.remember("b", async () => "made again")).toBe("b".repeat(500));
  pruneFolder(folder, 1.5 * (files[0]?.bytes ?? 0));
  expect(filesBelow(folder)).toHaveLength(1);
  expect(await cache.remember("b", async () => "made again")).toBe("b".repeat(500));
  expect(await cache.remember("a", async () => "made again")).toBe("made again");
  pruneFolder(join(root, "nowhere"), 0);
});

test("list and clear", () => {
  const home = join(root, "home");
  for (const part of ["models", "answers/readings"]) mkdirSync(join(home, part), { recursive: true });
  writeFileSync(join(home, "models", "m"), "x".repeat(2000));
  writeFileSync(join(home, "answers", "readings", "r"), "y".repeat(3000));
  const cli = (...args: string[]) =>
    spawnSync(process.execPath, ["harness/cli.ts", "cache", ...args], {
      encoding: "utf8",
      env: { ...process.env, ISOGLYPH_CACHE: home },
    });
  expect(cli().stdout).toMatch(/models +2 kB +1 files/);
  const listed = JSON.parse(cli("list", "--json").stdout) as { parts: { name: string; bytes: number }[] };
  expect(listed.parts.map(({ name, bytes }) => [name, bytes]).slice(0, 3)).toEqual([
    ["models", 2000],
    ["prepared", 0],
    ["answers", 3000],
  ]);
  expect(cli("clear", "answers").stdout).toBe("answers: 3 kB removed\n");
  expect([existsSync(join(home, "answers")), readdirSync(home)]).toEqual([false, ["models"]]);
  const wrong = cli("clear", "everything");
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('no part "everything"')]);
});
