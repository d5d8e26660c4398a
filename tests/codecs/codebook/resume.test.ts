import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { failure, freshFolder, trained } from "./trained.ts";

const CHILD = fileURLToPath(new URL("trainChild.ts", import.meta.url));
const files = (path: string) => [
  readFileSync(`${path}.json`, "utf8"),
  readFileSync(`${path}.safetensors`).toString("hex"),
];
let whole: string[];

beforeAll(async () => {
  const path = join(freshFolder(), "whole");
  await trained({ path, kind: "lsq" });
  whole = files(path);
});

test("a training that was aborted goes on and ends in the same bytes", async () => {
  const path = join(freshFolder(), "code");
  const stop = new AbortController();
  const progress = (round: number) => {
    if (round === 50) stop.abort(new Error("enough"));
  };
  await expect(trained({ path, kind: "lsq", progress, signal: stop.signal })).rejects.toThrow("enough");
  expect(existsSync(`${path}.json`)).toBe(false);
  const seen: number[] = [];
  await trained({ path, kind: "lsq", progress: (round) => seen.push(round) });
  expect(seen[0]).toBeGreaterThan(1);
  expect(seen[0]).toBeLessThanOrEqual(51);
  expect(files(path)).toEqual(whole);
  expect(existsSync(`${path}.checkpoint`)).toBe(false);
});

test("so does one whose process was killed", async () => {
  const path = join(freshFolder(), "code");
  const child = spawn(process.execPath, [CHILD, path], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (data: Buffer) => {
      if (/round (4\d|[5-9]\d)/.test(data.toString())) child.kill("SIGKILL");
    });
    child.on("close", () => resolve());
  });
  expect(child.signalCode).toBe("SIGKILL");
  expect(existsSync(`${path}.json`)).toBe(false);
  expect(existsSync(`${path}.checkpoint`)).toBe(true);
  const seen: number[] = [];
  await trained({ path, kind: "lsq", progress: (round) => seen.push(round) });
  expect(seen[0]).toBeGreaterThan(1);
  expect(files(path)).toEqual(whole);
});

test("what another training left is not taken up, and what is damaged is said", async () => {
  const path = join(freshFolder(), "code");
  const stop = new AbortController();
  const other = trained({
    path,
    seed: 4,
    kind: "lsq",
    signal: stop.signal,
    progress: (round) => round === 9 && stop.abort(new Error("cut")),
  });
  await expect(other).rejects.toThrow("cut");
  const seen: number[] = [];
  await trained({ path, kind: "lsq", progress: (round) => seen.push(round) });
  expect(seen[0]).toBe(1);
  expect(files(path)).toEqual(whole);
  writeFileSync(`${path}.checkpoint`, "torn");
  expect(await failure(() => trained({ path, kind: "lsq" }))).toMatchObject({
    code: "tensors-damaged",
    where: `${path}.checkpoint`,
  });
});
