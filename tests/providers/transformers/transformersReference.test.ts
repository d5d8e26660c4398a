import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseTransformersReference } from "../../../providers/transformers/transformersReference.ts";

const root = mkdtempSync(join(tmpdir(), "isoglyph-reference-"));
const odd = join(root, "what?");
mkdirSync(odd);
afterAll(() => rmSync(root, { recursive: true }));

const plain = { dtype: null, device: null };

it.each([
  ["transformers:owner/name", { name: "owner/name", revision: "main", ...plain }],
  ["transformers:owner/name@v1.0", { name: "owner/name", revision: "v1.0", ...plain }],
  [`transformers:${root}`, { name: root, revision: null, ...plain }],
  [
    "transformers:owner/name@v1?dtype=bfloat16&device=cuda:1",
    { name: "owner/name", revision: "v1", dtype: "bfloat16", device: "cuda:1" },
  ],
  [`transformers:${root}?device=cpu`, { name: root, revision: null, dtype: null, device: "cpu" }],
  [`transformers:${odd}?dtype=float16`, { name: odd, revision: null, dtype: "float16", device: null }],
])("%s", (reference, expected) => {
  expect(parseTransformersReference(reference)).toEqual(expected);
});

it.each([
  ["transformers:", /no folder and no name/],
  ["transformers:?dtype=float32", /no folder and no name/],
  ["transformers:owner/name?dtyp=float32", /no setting "dtyp"/],
  ["transformers:owner/name?dtype=int8", /dtype "int8" is none of float32, float16, bfloat16/],
  ["transformers:owner/name?device=gpu 1", /device "gpu 1" is no device/],
  ["transformers:no such folder", /no such folder/],
])("%s is refused", (reference, message) => {
  expect(() => parseTransformersReference(reference)).toThrow(message);
});
