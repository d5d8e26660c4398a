import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keptStates } from "../../harness/keptStates.ts";
import { writeSafetensors } from "../../safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "isoglyph-kept-"));
mkdirSync(join(folder, "states"));
afterAll(() => rmSync(folder, { recursive: true }));

test("what was kept is read back; a folder without states has none; a damaged file says so", () => {
  expect(keptStates(tmpdir())).toEqual([]);
  const path = join(folder, "states", "m-restate-natural.safetensors");
  const data = Float16Array.from({ length: 12 }, (_, i) => i / 4 - 1);
  const metadata = { states: "[3,5]", "original.items": '["a","b"]' };
  writeSafetensors(path, [{ name: "original", shape: [2, 2, 3], data }], metadata);
  expect(keptStates(folder)).toEqual([
    {
      name: "m-restate-natural",
      states: [3, 5],
      width: 3,
      conditions: { original: { items: ["a", "b"], data: Float32Array.from(data) } },
    },
  ]);
  writeSafetensors(path, [{ name: "original", shape: [4, 3, 1], data }], metadata);
  expect(() => keptStates(folder)).toThrow(/original is \[4,3,1\], for 2 items and 2 states/);
  writeSafetensors(path, [{ name: "original", shape: [2, 2, 3], data }], { states: "{" });
  expect(() => keptStates(folder)).toThrow(expect.objectContaining({ code: "states-damaged" }));
  writeFileSync(path, "no tensors");
  expect(() => keptStates(folder)).toThrow(expect.objectContaining({ code: "tensors-damaged" }));
});
