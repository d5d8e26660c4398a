import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Codebook } from "../../../codecs/codebook/Codebook.ts";
import { readCodebook } from "../../../codecs/codebook/codebookFile.ts";
import { failure, freshFolder, trained, UNSEEN } from "./trained.ts";

let codebook: Codebook;
const folder = freshFolder();
const path = join(folder, "code");

beforeAll(async () => {
  codebook = await trained({ path });
});

/** A copy with changed bytes. */
function changed(edit: { json?: (text: string) => string; tensors?: (bytes: Buffer) => Buffer }): string {
  const copy = join(freshFolder(), "copy");
  const { json = (text: string) => text, tensors = (bytes: Buffer) => bytes } = edit;
  writeFileSync(`${copy}.json`, json(readFileSync(`${path}.json`, "utf8")));
  writeFileSync(`${copy}.safetensors`, tensors(readFileSync(`${path}.safetensors`)));
  return copy;
}

test("what was written is read, under any of its names", async () => {
  for (const name of [path, `${path}.json`, `${path}.safetensors`]) {
    const read = readCodebook(name);
    expect(read.description).toEqual(codebook.description);
    expect(read.identity).toBe(codebook.identity);
    expect(await read.quantiser.encode(UNSEEN)).toEqual(await codebook.quantiser.encode(UNSEEN));
  }
});

test("the description says how it was made and how good it is", () => {
  expect(codebook.description).toMatchObject({
    kind: "rq",
    sizes: [8, 8, 8, 8],
    width: 16,
    training: { vectors: 200, seed: 3, settings: { places: 4, entries: 8, noise: 0 } },
  });
  const { heldOut } = codebook.description.training;
  expect(heldOut?.vectors).toBe(30);
  expect(heldOut?.centredCosine).toBeGreaterThan(0.5);
  expect(heldOut?.centredCosine).toBeLessThan(1);
  // cos² = 1 − share for the best decoder of one vector; in the mean nearly.
  expect(heldOut?.errorShare).toBeCloseTo(1 - (heldOut?.centredCosine ?? 0) ** 2, 1);
});

test("the same training gives the same files", async () => {
  const again = await trained({ path: join(freshFolder(), "code") });
  expect(again.identity).toBe(codebook.identity);
});

test.for<[string, Parameters<typeof changed>[0], string]>([
  ["another symbol", { json: (text) => text.replace("三", "叁") }, "codebook-damaged"],
  [
    "a better figure",
    { json: (text) => text.replace(/"centredCosine": [\d.]+/, '"centredCosine": 0.99') },
    "codebook-damaged",
  ],
  ["half a description", { json: (text) => text.slice(0, text.length / 2) }, "codebook-damaged"],
  ["a list", { json: () => "[]" }, "codebook-damaged"],
  ["a later format", { json: (text) => text.replace('"format": 1', '"format": 2') }, "codebook-version"],
  ["half its tensors", { tensors: (bytes) => bytes.subarray(0, bytes.length / 2) }, "codebook-damaged"],
  [
    "one other bit",
    { tensors: (bytes) => bytes.fill((bytes.at(-1) as number) ^ 1, bytes.length - 1) },
    "codebook-damaged",
  ],
])("a codebook with %s is refused", async ([, edit, code]) => {
  const copy = changed(edit);
  const error = await failure(() => readCodebook(copy));
  expect(error.code).toBe(code);
  expect(error.where).toContain(copy);
});

test("a missing half is named", async () => {
  const error = await failure(() => readCodebook(join(folder, "none")));
  expect(error).toMatchObject({ code: "codebook-missing" });
  expect(error.message).toContain(join(folder, "none.json"));
});
