import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  hubReferenceText,
  ollamaNameText,
  parseModelReference,
} from "../../providers/embedded/sources/modelReference.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-reference-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("knows names, files and folders", () => {
  const file = join(folder, "sha256-1234");
  writeFileSync(file, "");
  const home = join(folder, "model.gguf");
  mkdirSync(home);
  expect(parseModelReference("smollm2-135m")).toMatchObject({ kind: "known", known: { bytes: 98_362_432 } });
  for (const path of ["model.gguf", "missing/Model.GGUF", "./model", "/models/model", "C:\\models\\model", file]) {
    expect(parseModelReference(path)).toEqual({ kind: "gguf", path });
  }
  for (const path of [folder, home]) expect(parseModelReference(path)).toEqual({ kind: "folder", path });
});

describe("of the Hub", () => {
  it.each([
    ["hf:owner/repo", "owner/repo", null, "main"],
    ["hf:Qwen/Qwen3-0.6B@v1.0", "Qwen/Qwen3-0.6B", null, "v1.0"],
    ["hf:o/r/model.Q4_K_M.gguf", "o/r", "model.Q4_K_M.gguf", "main"],
    ["hf:o/r/a b/c/model.GGUF@refs/pr/7", "o/r", "a b/c/model.GGUF", "refs/pr/7"],
    [`hf:o/r@${"0".repeat(40)}`, "o/r", null, "0".repeat(40)],
  ])("%s", (text, repository, file, revision) => {
    const parsed = parseModelReference(text);
    expect(parsed).toEqual({ kind: "hub", repository, file, revision });
    expect(parsed.kind === "hub" && hubReferenceText(parsed)).toBe(text);
  });

  it.each([
    ["hf:", '"" is no name of the Hub'],
    ["hf:gpt2", '"" is no name of the Hub'],
    ["hf:/repo", '"" is no name of the Hub'],
    ["hf:owner/..", '".." is no name of the Hub'],
    ["hf:../../etc", '".." is no name of the Hub'],
    ["hf:owner/a--b", '"a--b" is no name of the Hub'],
    ["hf:owner/repo:Q4_K_M", '"repo:Q4_K_M" is no name of the Hub'],
    ["hf:owner/repo/model.safetensors", '"model.safetensors" is no .gguf file of a repository'],
    ["hf:owner/repo/../x.gguf", '"../x.gguf" is no .gguf file of a repository'],
    ["hf:owner/repo//x.gguf", '"/x.gguf" is no .gguf file of a repository'],
    ["hf:owner/repo/a\\..\\x.gguf", '"a\\\\..\\\\x.gguf" is no .gguf file'],
    ["hf:owner/repo@", '"" is no branch, tag or commit'],
    ["hf:owner/repo@a/../b", '"a/../b" is no branch, tag or commit'],
    ["hf:owner/repo@a b", '"a b" is no branch, tag or commit'],
  ])("%s is misspelt", (text, reason) => {
    expect(() => parseModelReference(text)).toThrow(
      expect.objectContaining({
        code: "model-reference-malformed",
        message: expect.stringContaining(reason),
        hint: "the form is hf:OWNER/REPOSITORY[/FILE.gguf][@REVISION]",
      }),
    );
  });
});

describe("of Ollama", () => {
  const registry = "registry.ollama.ai";
  it.each([
    ["ollama:qwen3", registry, "library", "qwen3", "latest", "ollama:qwen3:latest"],
    ["ollama:qwen3:0.6b", registry, "library", "qwen3", "0.6b", "ollama:qwen3:0.6b"],
    ["ollama:me/mine:v1", registry, "me", "mine", "v1", "ollama:me/mine:v1"],
    ["ollama:hf.co/o/r-GGUF:Q4_K_M", "hf.co", "o", "r-GGUF", "Q4_K_M", "ollama:hf.co/o/r-GGUF:Q4_K_M"],
    ["ollama:localhost:5000/o/r", "localhost:5000", "o", "r", "latest", "ollama:localhost:5000/o/r:latest"],
  ])("%s", (text, host, namespace, model, tag, short) => {
    const parsed = parseModelReference(text);
    expect(parsed).toEqual({ kind: "ollama", host, namespace, model, tag });
    expect(parsed.kind === "ollama" && ollamaNameText(parsed)).toBe(short);
  });

  it.each([
    "ollama:",
    "ollama:qwen3:",
    "ollama:..",
    "ollama:../x",
    "ollama:a/b/c/d",
    "ollama:x:..",
    "ollama:../a/b",
    "ollama:a b",
  ])("%s is misspelt", (text) => {
    expect(() => parseModelReference(text)).toThrow(
      expect.objectContaining({
        code: "model-reference-malformed",
        hint: "the form is ollama:NAME[:TAG], ollama:NAMESPACE/NAME[:TAG] or ollama:HOST/NAMESPACE/NAME[:TAG]",
      }),
    );
  });
});

const AVAILABLE =
  "there are smollm2-135m, minilm, bge-small-zh, the path of a .gguf file or of a folder from the Hugging Face Hub, " +
  "hf:OWNER/REPOSITORY[/FILE.gguf][@REVISION], ollama:NAME[:TAG]";

it.each(["ollama-api:qwen3", "openai:gpt-5@http://localhost", "hf-api:m", "transformers:m", "recorded:f"])(
  "says that %s has no files here, and who takes it",
  (reference) => {
    expect(() => parseModelReference(reference)).toThrow(
      expect.objectContaining({
        code: "model-kind-unavailable",
        hint: `\`run\` and \`doctor\` take it; for this, ${AVAILABLE}`,
      }),
    );
  },
);

it.each([
  ["smolm2-135m", 'there is no model "smolm2-135m"', `did you mean smollm2-135m? ${AVAILABLE}`],
  ["SmolLM2-135M", 'there is no model "SmolLM2-135M"', `did you mean smollm2-135m? ${AVAILABLE}`],
  ["olama:qwen3", 'there is no model "olama:qwen3"', `did you mean ollama:? ${AVAILABLE}`],
  ["Qwen/Qwen3-0.6B", 'there is no model "Qwen/Qwen3-0.6B"', `did you mean hf:Qwen/Qwen3-0.6B? ${AVAILABLE}`],
  ["gpt-5", 'there is no model "gpt-5"', AVAILABLE],
  ["constructor:x", 'there is no model "constructor:x"', AVAILABLE],
  ["", "the model reference is empty", AVAILABLE],
])("does not know %j", (reference, message, hint) => {
  expect(() => parseModelReference(reference)).toThrow(
    expect.objectContaining({ code: "model-unknown", message, hint }),
  );
});
