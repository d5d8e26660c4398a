import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { openModel } from "../../providers/embedded/openModel.ts";
import { chooseWeights } from "../../providers/embedded/planMemory.ts";
import { cacheFolder } from "../../providers/embedded/sources/cacheFolder.ts";
import { logProbs } from "./logProbs.ts";
import { writeTinyGguf } from "./openModelTinyGguf.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-open-"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  vi.stubEnv("ISOGLYPH_OFFLINE", "1");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("cacheFolder", () => {
  it.each([
    ["linux", {}, "/home/me/.cache/isoglyph"],
    ["linux", { XDG_CACHE_HOME: "/var/me" }, "/var/me/isoglyph"],
    ["linux", { XDG_CACHE_HOME: "relative" }, "/home/me/.cache/isoglyph"],
    ["linux", { XDG_CACHE_HOME: "/var/me", ISOGLYPH_CACHE: "/data" }, "/data"],
    ["linux", { ISOGLYPH_CACHE: "here" }, join(process.cwd(), "here")],
    ["darwin", { XDG_CACHE_HOME: "/var/me" }, "/home/me/Library/Caches/isoglyph"],
    ["win32", { LOCALAPPDATA: "/local" }, "/local/isoglyph"],
    ["win32", {}, "/home/me/AppData/Local/isoglyph"],
  ] as const)("on %s with %o", (platform, env, expected) => {
    expect(cacheFolder(env, platform, "/home/me")).toBe(expected);
  });
});

describe("chooseWeights", () => {
  const plan = { float32: 400, packed: 100 };
  it.each([
    ["packed", "batch", 1000, "packed", "as asked"],
    ["float32", "latency", 400, "float32", "as asked"],
    ["auto", "latency", 1001, "packed", "auto: opens fastest"],
    ["auto", "batch", 1001, "float32", "auto: fastest for batches"],
    ["auto", "batch", 1000, "packed", "auto: float32 would take more than 40 % of the free memory"],
  ] as const)("%s for %s in %d bytes", (asked, purpose, free, policy, reason) => {
    expect(chooseWeights(asked, purpose, plan, free)).toEqual({ policy, reason });
  });

  it.each([
    ["float32", 399, "packed weights take"],
    ["auto", 99, "use a smaller model"],
  ] as const)("%s refuses what does not fit in %d bytes, with the numbers", (asked, free, hint) => {
    expect(() => chooseWeights(asked, "batch", { float32: 4e9, packed: 1e9 }, free * 1e7)).toThrow(
      expect.objectContaining({
        code: "memory-insufficient",
        message: expect.stringMatching(/about [\d.]+ GB of memory as (float32|packed) weights, and \d\.\d GB are free/),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});

describe("openModel", () => {
  const options = { weights: "auto", purpose: "batch", threads: 1 } as const;
  const tiny = () => join(folder, "Tiny.gguf");

  it.each(["packed", "float32"] as const)("opens a file with %s weights, and says what it opened", async (weights) => {
    writeTinyGguf(tiny());
    const labels = new Set<string>();
    const provider = await openModel(tiny(), { ...options, weights, progress: ({ label }) => labels.add(label) });
    try {
      expect(provider.identity).toEqual({
        reference: tiny(),
        name: "Tiny",
        architecture: "llama",
        digest: createHash("sha256").update(readFileSync(tiny())).digest("hex"),
        quantisation: "Q4_1",
        engine: `isoglyph ${manifest.version}, onnxruntime-node ${manifest.dependencies["onnxruntime-node"]}`,
        weights: `${weights} (as asked)`,
        tokenizerDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
        contextLength: 128,
        layers: 1,
        width: 32,
        vocabulary: 257,
      });
      expect([...labels]).toEqual(["Tiny: checksum", "Tiny: preparing"]);
      expect(readdirSync(join(folder, "cache", "prepared"))).toHaveLength(1);
      const ids = provider.tokenizer.encode("Hi");
      const { scores } = await provider.read({
        rows: [
          [
            { ids, parent: null },
            { ids, parent: 0 },
          ],
        ],
        states: [],
        pools: [],
        scores: [{ row: 0, segment: 1 }],
        comparisons: [],
      });
      expect(logProbs(scores[0]).every((score) => score < 0)).toBe(true);
    } finally {
      await provider.close();
    }
  });

  it("names a file that is missing, or no file", async () => {
    await expect(openModel(tiny(), options)).rejects.toMatchObject({ code: "model-file-missing", where: tiny() });
    if (process.platform !== "win32") {
      await expect(openModel("/dev/null", options)).rejects.toMatchObject({
        code: "model-file-unreadable",
        where: "/dev/null",
      });
    }
  });

  it("passes on what is wrong with a file", async () => {
    writeFileSync(tiny(), "no model at all");
    await expect(openModel(tiny(), options)).rejects.toMatchObject({ code: "gguf-malformed" });
  });

  it("fetches a known model, which fails without a network", async () => {
    await expect(openModel("smollm2-135m", options)).rejects.toMatchObject({ code: "model-unavailable" });
  });

  it("stops when aborted", async () => {
    writeTinyGguf(tiny());
    const abort = new AbortController();
    const opening = openModel(tiny(), {
      ...options,
      signal: abort.signal,
      progress: () => abort.abort(new Error("enough")),
    });
    await expect(opening).rejects.toThrow("enough");
    expect(readdirSync(folder)).toEqual(["Tiny.gguf"]);
  });
});
