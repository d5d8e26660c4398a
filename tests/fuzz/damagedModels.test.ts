/** A few thousand damaged headers, the same ones every time; `npm run fuzz` reads any number, and runs them too. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Kind, makeCase } from "./makeCase.ts";
import { readCase } from "./readCase.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-fuzz-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each<[Kind, number, number, readonly string[]]>([
  [
    "gguf",
    0,
    350,
    [
      "gguf-malformed",
      "gguf-version",
      "gguf-tensor-type",
      "gguf-field",
      "config-field",
      "config-unsupported",
      "architecture-unsupported",
      "tensor-missing",
      "tensor-shape",
      "tokenizer-unsupported",
      "valid",
    ],
  ],
  [
    "safetensors",
    0,
    900,
    [
      "safetensors-malformed",
      "model-folder-malformed",
      "architecture-unsupported",
      "config-field",
      "tensor-missing",
      "tensor-shape",
      "valid",
    ],
  ],
  [
    "folder",
    0,
    900,
    [
      "model-folder-malformed",
      "model-folder-incomplete",
      "model-modules-unsupported",
      "architecture-unsupported",
      "config-field",
      "config-unsupported",
      "tensor-missing",
      "tensor-shape",
      "valid",
    ],
  ],
  [
    "tokenizer",
    300,
    250,
    [
      "tokenizer-malformed",
      "tokenizer-unsupported",
      "tokenizer-missing",
      "text-unencodable",
      "chat-template-failed",
      "valid",
    ],
  ],
])(
  "%s: from seed %i, %i damaged files are read or refused, with each kind of refusal",
  async (kind, first, cases, codes) => {
    const found = new Set<string>();
    for (let seed = first; seed < first + cases; seed++) {
      makeCase(kind, seed, folder);
      try {
        for (const code of await readCase(kind, seed, folder)) found.add(code);
      } catch (cause) {
        throw new Error(`npm run fuzz -- --only ${kind} --seed ${seed} --cases 1`, { cause });
      }
    }
    expect([...found]).toEqual(expect.arrayContaining([...codes]));
  },
);
