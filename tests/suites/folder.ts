/** Real files for tests: a temporary folder, and the error that a promise ends in. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ExpectedError } from "../../errors.ts";

/** Writes the files into a new folder, which goes when the test ends. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "suites-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The expected error that the promise ends in, the folder cut off its places. */
export async function failure(promise: Promise<unknown>, folder: string) {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ExpectedError)) throw error;
  const relative = (text: string | undefined) => text?.replaceAll(`${folder}/`, "");
  return {
    code: error.code,
    message: relative(error.message),
    where: relative(error.where),
    hint: relative(error.hint),
  };
}

export const ITEM = '{"id": "a", "original": "It rains in Paris."}\n';

/** A small valid suite; parts of it are replaced in tests. */
export const SUITE = `name: small
items: items.jsonl
frames:
  restate: { before: "Note: ", after: " In other words," }
  chat: { template: true, user: "Read {context}" }
candidates:
  chinese: { codec: authored, encoding: zh }
  no-articles: { codec: drop-words, list: articles }
gates:
  - { candidate: chinese, require: different }
profiles:
  quick: { items: 2, frames: [restate], continuations: { samples: 4 }, positions: natural }
`;

/** The suite that the documentation shows. */
export const DOCUMENTED = `name: everyday
items: items.jsonl                      # or inline
frames:
  restate:  { before: "Note: ", after: "\\n\\nIn other words," }
  question: { before: "Note: ", after: "\\n\\nQuestion: {question}\\nAnswer:" }
  chat:     { template: true, user: "Read this note: {context}\\nWhat does it say?" }
continuations: { samples: 8, tokens: 16, seed: 1 }
models: [smollm2-135m]
candidates:                             # conditions under test, by name
  chinese: { codec: authored, encoding: zh }
  no-articles: { codec: drop-words, list: articles }
  rare-hanzi: { codec: minilm-projection, symbols: 16 }
measures: default                       # or a list
bands: [[0.25, 0.5], [0.5, 0.75], [0.75, 0.95]]
margin: 0.8
gates:
  - { candidate: rare-hanzi, require: different }
statistics: { alpha: 0.025, seed: 1 }
profiles:
  quick: { items: 40, frames: [restate], continuations: { samples: 4 }, positions: natural }
`;
