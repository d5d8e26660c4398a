import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { embeddedTwin } from "../../../providers/ollama/embeddedTwin.ts";

const WEIGHTS = "weights";
const DIGEST = createHash("sha256").update(WEIGHTS).digest("hex");
let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "isoglyph-store-"));
  const names = join(store, "manifests", "registry.ollama.ai", "library", "smollm2");
  mkdirSync(names, { recursive: true });
  mkdirSync(join(store, "blobs"));
  writeFileSync(join(store, "blobs", `sha256-${DIGEST}`), WEIGHTS);
  const layer = { mediaType: "application/vnd.ollama.image.model", digest: `sha256:${DIGEST}`, size: WEIGHTS.length };
  writeFileSync(join(names, "latest"), JSON.stringify({ layers: [layer] }));
  vi.stubEnv("OLLAMA_MODELS", store);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(store, { recursive: true });
});

const served = (digest: string | null, name = "smollm2") => ({
  identity: { reference: `ollama-api:${name}`, name, engine: "ollama 0.17.4", digest, contextLength: 2048 },
});

it("is the file that the server computes with", () => {
  expect(embeddedTwin(served(DIGEST))).toEqual({ reference: "ollama:smollm2:latest", digest: DIGEST });
});

it("another file: both are named", () => {
  const other = "0".repeat(64);
  const thrown = expect.objectContaining({ code: "ollama-digest-mismatch" });
  expect(() => embeddedTwin(served(other))).toThrow(thrown);
  expect(() => embeddedTwin(served(other))).toThrow(new RegExp(`${other}.*${DIGEST}`));
});

it("a server that does not say, and a store without the model", () => {
  expect(() => embeddedTwin(served(null))).toThrow(expect.objectContaining({ code: "ollama-digest-unknown" }));
  expect(() => embeddedTwin(served(DIGEST, "qwen3"))).toThrow(
    expect.objectContaining({ code: "ollama-model-missing" }),
  );
});
