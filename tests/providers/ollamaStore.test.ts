import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { locateAtHand, locateModel } from "../../providers/embedded/sources/locateModel.ts";
import { parseModelReference } from "../../providers/embedded/sources/modelReference.ts";
import { findOllamaModel, ollamaStores } from "../../providers/embedded/sources/ollamaStore.ts";
import { sha256 } from "./hubServer.ts";

const weights = Buffer.from("GGUF and so on");
const MODEL = "application/vnd.ollama.image.model";
const TEMPLATE = "application/vnd.ollama.image.template";

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "isoglyph-ollama-"));
  vi.stubEnv("OLLAMA_MODELS", store);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(store, { recursive: true, force: true });
});

function put(path: string, content: Buffer | string): void {
  mkdirSync(dirname(join(store, path)), { recursive: true });
  writeFileSync(join(store, path), content);
}

/** Stores a layer as `ollama create` does. */
function layer(mediaType: string, content: Buffer | string) {
  const digest = sha256(content);
  put(`blobs/sha256-${digest}`, content);
  return { mediaType, digest: `sha256:${digest}`, size: content.length };
}

function manifest(name: string, ...layers: unknown[]): void {
  const config = {
    mediaType: "application/vnd.docker.container.image.v1+json",
    digest: `sha256:${"0".repeat(64)}`,
    size: 488,
  };
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  put(`manifests/${name}`, JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
}

const QWEN = "registry.ollama.ai/library/qwen3/latest";
const find = (text: string) => {
  const parsed = parseModelReference(text);
  if (parsed.kind !== "ollama") throw new Error(`${text} is no name of Ollama's`);
  return findOllamaModel(parsed);
};

describe("stores", () => {
  it.each([
    [{ OLLAMA_MODELS: "/data" }, "linux", ["/data"]],
    [{}, "linux", ["/home/me/.ollama/models", "/usr/share/ollama/.ollama/models"]],
    [{}, "darwin", ["/home/me/.ollama/models"]],
    [{}, "win32", ["/home/me/.ollama/models"]],
  ] as const)("with %o on %s", (env, platform, expected) => {
    expect(ollamaStores(env, platform, "/home/me")).toEqual(expected);
  });
});

describe("a model", () => {
  it("is read where it lies, with the digest that it is stored under", async () => {
    manifest(
      QWEN,
      layer(MODEL, weights),
      layer(TEMPLATE, "{{ .Prompt }}"),
      layer("application/vnd.ollama.image.params", "{}"),
    );
    const path = join(store, "blobs", `sha256-${sha256(weights)}`);
    expect(find("ollama:qwen3")).toEqual({
      reference: "ollama:qwen3:latest",
      path,
      digest: sha256(weights),
      bytes: weights.length,
      template: "{{ .Prompt }}",
    });
    const located = { kind: "gguf", path, name: "qwen3:latest", digest: sha256(weights) };
    expect(locateAtHand(parseModelReference("ollama:qwen3"))).toEqual(located);
    expect(await locateModel(parseModelReference("ollama:QWEN3:Latest"))).toEqual(located);
  });

  it("may have no template, another namespace or another host", () => {
    manifest("registry.ollama.ai/me/mine/v1", layer(MODEL, weights));
    manifest("hf.co/owner/Repo-GGUF/Q4_K_M", layer(MODEL, "other"));
    expect(find("ollama:me/mine:v1")).toMatchObject({ reference: "ollama:me/mine:v1", template: null });
    expect(find("ollama:hf.co/owner/Repo-GGUF:Q4_K_M").digest).toBe(sha256("other"));
  });

  it("that is missing is an error that names what is there", () => {
    manifest(QWEN, layer(MODEL, weights));
    manifest("registry.ollama.ai/library/llama3.2/1b", layer(MODEL, weights));
    expect(() => find("ollama:qwen3:0.6b")).toThrow(
      expect.objectContaining({
        code: "ollama-model-missing",
        message: "ollama:qwen3:0.6b is not in Ollama's store",
        where: store,
        hint: "did you mean ollama:qwen3:latest? in the store: ollama:llama3.2:1b, ollama:qwen3:latest; or run `ollama pull qwen3:0.6b`",
      }),
    );
  });

  it("is missing from a store that is not there", () => {
    rmSync(store, { recursive: true });
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("set OLLAMA_MODELS") }),
    );
  });

  // Root may read everything.
  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("may lie in a store that is closed to us", () => {
    mkdirSync(join(store, "manifests"));
    chmodSync(join(store, "manifests"), 0);
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("may not be read") }),
    );
    chmodSync(join(store, "manifests"), 0o700);
  });

  const good = { mediaType: MODEL, digest: `sha256:${"a".repeat(64)}`, size: 3 };
  it.each<[string, string | object, RegExp]>([
    ["no JSON", "{", /it is no JSON/],
    ["null", "null", /it lists no layers/],
    ["no layers", { layers: {} }, /it lists no layers/],
    ["an empty layer", { layers: [null] }, /layer 0 has no mediaType/],
    [
      "a digest that leads outside",
      { layers: [{ ...good, digest: "sha256:../../../etc/passwd" }] },
      /the digest of layer 0 is "sha256:\.\./,
    ],
    [
      "a digest in capitals",
      { layers: [good, { ...good, digest: `sha256:${"A".repeat(64)}` }] },
      /the digest of layer 1/,
    ],
    [
      "a digest of another kind",
      { layers: [{ ...good, digest: `sha512:${"a".repeat(64)}` }] },
      /the digest of layer 0/,
    ],
    ["a negative size", { layers: [{ ...good, size: -1 }] }, /the size of layer 0 is -1/],
    ["a size that is no number", { layers: [{ ...good, size: "3" }] }, /the size of layer 0 is "3"/],
  ])("with a manifest of %s is an error", (_, content, message) => {
    put(`manifests/${QWEN}`, typeof content === "string" ? content : JSON.stringify(content));
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({
        code: "ollama-manifest-malformed",
        message: expect.stringMatching(message),
        where: join(store, "manifests", QWEN),
      }),
    );
  });

  it("whose file is missing or cut has to be pulled again", () => {
    manifest(QWEN, layer(MODEL, weights));
    const blob = join(store, "blobs", `sha256-${sha256(weights)}`);
    const hint = "run `ollama pull qwen3:latest`";
    writeFileSync(blob, "GGUF");
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({
        code: "ollama-blob-missing",
        message: expect.stringContaining("has 4 bytes, and its manifest says 14"),
        hint,
      }),
    );
    rmSync(blob);
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({ code: "ollama-blob-missing", where: blob, hint }),
    );
  });

  it.each([
    ["2 layers of weights", [MODEL, MODEL]],
    ["no GGUF layer", ["application/vnd.ollama.image.tensor", "application/vnd.ollama.image.tensor"]],
    ["an adapter on top of its weights", [MODEL, "application/vnd.ollama.image.adapter"]],
  ])("with %s is not read", (what, types) => {
    manifest(QWEN, ...types.map((type, i) => layer(type, `${i}`)));
    expect(() => find("ollama:qwen3")).toThrow(
      expect.objectContaining({ code: "ollama-model-unsupported", message: expect.stringContaining(what) }),
    );
  });
});
