import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cachedModelPath } from "../../providers/embedded/sources/fetchModel.ts";
import { writeRecord, writeRef } from "../../providers/embedded/sources/hubSnapshot.ts";
import { KNOWN_MODELS, type KnownModel } from "../../providers/embedded/sources/knownModels.ts";
import { type ListedModel, listModels as listAll } from "../../providers/embedded/sources/listModels.ts";
import { locateAtHand, locateModel } from "../../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../../providers/embedded/sources/modelReference.ts";

const known = KNOWN_MODELS[0] as KnownModel;
/** Encoders known by name have tests of their own. */
const listModels = (): ListedModel[] =>
  listAll().filter(({ name, source }) => source !== "known" || name === known.name);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-locate-"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  vi.stubEnv("OLLAMA_MODELS", join(folder, "ollama"));
  vi.stubEnv("ISOGLYPH_OFFLINE", "1");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A file of the known model's size, which takes no room. */
function putKnown(): void {
  mkdirSync(join(folder, "cache", "models"), { recursive: true });
  writeFileSync(cachedModelPath(known), "");
  truncateSync(cachedModelPath(known), known.bytes);
}

describe("locateModel", () => {
  it("takes files and folders as they are, and leaves their digest to be computed", async () => {
    const file = join(folder, "Tiny.Q4_0.gguf");
    writeFileSync(file, "");
    const home = join(folder, "Tiny");
    mkdirSync(home);
    for (const [path, kind, name] of [
      [file, "gguf", "Tiny.Q4_0"],
      [home, "folder", "Tiny"],
      [`${home}/`, "folder", "Tiny"],
    ] as const) {
      const located = { kind, path, name, digest: null };
      expect(await locateModel(parseModelReference(path))).toEqual(located);
      expect(locateAtHand(parseModelReference(path))).toEqual(located);
    }
  });

  it("names a file that is missing, or no file", async () => {
    const path = join(folder, "Tiny.gguf");
    const missing = { code: "model-file-missing", where: path };
    await expect(locateModel(parseModelReference(path))).rejects.toMatchObject(missing);
    expect(() => locateAtHand(parseModelReference(path))).toThrow(expect.objectContaining(missing));
    if (process.platform !== "win32") {
      await expect(locateModel(parseModelReference("/dev/null"))).rejects.toMatchObject({
        code: "model-file-unreadable",
      });
    }
  });

  it("knows whether a known model is there without reading it, and verifies it before it is used", async () => {
    expect(locateAtHand(parseModelReference(known.name))).toBeNull();
    putKnown();
    const { name, sha256: digest } = known;
    expect(locateAtHand(parseModelReference(name))).toEqual({
      kind: "gguf",
      path: cachedModelPath(known),
      name,
      digest,
    });
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await expect(locateModel(parseModelReference(name))).rejects.toMatchObject({ code: "model-unavailable" });
    expect(locateAtHand(parseModelReference(name))).toBeNull();
    vi.restoreAllMocks();
  });

  it("has nothing of the Hub at hand that was not fetched", () => {
    expect(locateAtHand(parseModelReference("hf:owner/repo"))).toBeNull();
    expect(locateAtHand(parseModelReference("hf:owner/repo/x.gguf"))).toBeNull();
  });
});

describe("listModels", () => {
  const listed = {
    name: "smollm2-135m",
    source: "known",
    isDefault: true,
    bytes: 98_362_432,
    licence: "Apache-2.0",
    path: cachedModelPath(known),
    problem: null,
  };

  it("tells what is in the cache", () => {
    const path = cachedModelPath(known);
    expect(listModels()).toEqual([{ ...listed, path, cached: false }]);
    putKnown();
    expect(listModels()).toEqual([{ ...listed, path, cached: true }]);
  });

  it("tells what was fetched from the Hub, and what Ollama has, broken or not", () => {
    const commit = "c".repeat(40);
    const home = join(folder, "cache", "models", "hub", "owner--repo", commit);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "x.gguf"), "12345");
    writeRecord({
      repository: "owner/repo",
      commit,
      weights: null,
      files: { "x.gguf": { bytes: 5, sha256: "a".repeat(64) } },
    });
    writeRef("owner/repo", "v1", commit);
    const library = join(folder, "ollama", "manifests", "registry.ollama.ai", "library");
    mkdirSync(join(library, "qwen3"), { recursive: true });
    mkdirSync(join(folder, "ollama", "blobs"));
    const layers = [{ mediaType: "application/vnd.ollama.image.model", digest: `sha256:${"b".repeat(64)}`, size: 3 }];
    writeFileSync(join(library, "qwen3", "0.6b"), JSON.stringify({ layers }));
    writeFileSync(join(library, "qwen3", "broken"), "{}");
    const blob = join(folder, "ollama", "blobs", `sha256-${"b".repeat(64)}`);
    writeFileSync(blob, "123");
    const rest = { isDefault: false, licence: null, cached: true, problem: null };
    expect(listModels().slice(1)).toEqual([
      { ...rest, name: "hf:owner/repo/x.gguf@v1", source: "hub", bytes: 5, path: join(home, "x.gguf") },
      { ...rest, name: "ollama:qwen3:0.6b", source: "ollama", bytes: 3, path: blob },
      {
        ...rest,
        name: "ollama:qwen3:broken",
        source: "ollama",
        cached: false,
        bytes: null,
        path: null,
        problem: "the manifest of ollama:qwen3:broken cannot be used: it lists no layers",
      },
    ]);
    for (const { name, path } of listModels().slice(1, 3))
      expect(locateAtHand(parseModelReference(name))?.path).toBe(path);
  });
});
