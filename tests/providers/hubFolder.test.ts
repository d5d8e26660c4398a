import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderDigest, readHubFolder } from "../../providers/embedded/sources/hubFolder.ts";
import { vectors } from "./safetensorsBytes.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "isoglyph-folder-"));
  folder = join(root, "model");
  put("config.json", { model_type: "llama" });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, content: object | string | Buffer): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.isBuffer(content) || typeof content === "string" ? content : JSON.stringify(content));
}
const index = (weight_map: unknown) => put("model.safetensors.index.json", { metadata: { total_size: 1 }, weight_map });

describe("weights", () => {
  it("are read from one file", () => {
    put("model.safetensors", vectors("a", "b"));
    const { path, config, tensors, files, pooling, normalize } = readHubFolder(folder);
    expect({ path, config, files, pooling, normalize }).toEqual({
      path: folder,
      config: { model_type: "llama" },
      files: ["model.safetensors"],
      pooling: null,
      normalize: false,
    });
    expect([...tensors.keys()]).toEqual(["a", "b"]);
  });

  it("are read from all files of the index, in folders and through links too", () => {
    put("shards/2.safetensors", vectors("b"));
    put("../blob", vectors("a"));
    symlinkSync(join(root, "blob"), join(folder, "1.safetensors"));
    index({ b: "shards/2.safetensors", a: "1.safetensors" });
    const { tensors, files } = readHubFolder(folder);
    expect(files).toEqual(["1.safetensors", "shards/2.safetensors"]);
    expect(tensors.get("a")?.file).toBe(join(folder, "1.safetensors"));
    expect(tensors.get("b")?.file).toBe(join(folder, "shards/2.safetensors"));
  });

  it.each([
    "../blob.safetensors",
    "/etc/blob.safetensors",
    "a\\..\\..\\b.safetensors",
    "C:x.safetensors",
    "x.bin",
    3,
    "",
  ])("never lie outside the folder: %j", (file) => {
    put("../blob.safetensors", vectors("a"));
    index({ a: file });
    expect(() => readHubFolder(folder)).toThrow(
      expect.objectContaining({
        code: "model-folder-malformed",
        message: expect.stringContaining(`puts a into ${JSON.stringify(file)}`),
      }),
    );
  });

  it.each<[string, () => void, string, RegExp]>([
    [
      "a tensor in two files",
      () => {
        put("1.safetensors", vectors("a"));
        put("2.safetensors", vectors("b", "a"));
        index({ a: "1.safetensors", b: "2.safetensors" });
      },
      "model-folder-malformed",
      /tensor a is in .*1\.safetensors too/,
    ],
    [
      "a tensor that its file lacks",
      () => {
        put("1.safetensors", vectors("a"));
        index({ a: "1.safetensors", b: "1.safetensors" });
      },
      "model-folder-malformed",
      /tensor b is in 1\.safetensors, and it is not/,
    ],
    [
      "a missing shard",
      () => index({ a: "1.safetensors" }),
      "model-folder-incomplete",
      /^1\.safetensors, which holds weights/,
    ],
    ["no weight_map", () => index(undefined), "model-folder-malformed", /it has no weight_map/],
    ["an empty weight_map", () => index({}), "model-folder-malformed", /its weight_map is empty/],
    [
      "several files without an index",
      () => {
        put("1.safetensors", vectors("a"));
        put("2.safetensors", vectors("b"));
      },
      "model-folder-incomplete",
      /2 safetensors files .* no model\.safetensors\.index\.json/,
    ],
    ["no weights", () => {}, "model-folder-incomplete", /has no model\.safetensors$/],
    [
      "a pickle",
      () => put("pytorch_model-00001-of-00002.bin", "x"),
      "model-pickle",
      /as pytorch_model-00001-of-00002\.bin only, a Python pickle/,
    ],
    ["a damaged file", () => put("model.safetensors", "x"), "safetensors-malformed", /the file's size is 1 bytes/],
    [
      "a config that is no object",
      () => put("config.json", "[]"),
      "model-folder-malformed",
      /config\.json: it holds no object/,
    ],
    [
      "a config that is no JSON",
      () => put("config.json", "{"),
      "model-folder-malformed",
      /config\.json: it is no JSON/,
    ],
    ["no config", () => rmSync(join(folder, "config.json")), "model-folder-incomplete", /no config\.json/],
  ])("%s is an error", (_, prepare, code, message) => {
    prepare();
    expect(() => readHubFolder(folder)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("names a GGUF file that lies there instead", () => {
    put("tiny.Q4.gguf", "x");
    expect(() => readHubFolder(folder)).toThrow(
      expect.objectContaining({ hint: `give the path of a file: ${join(folder, "tiny.Q4.gguf")}` }),
    );
  });
});

describe("sentence-transformers", () => {
  const type = (name: string) => `sentence_transformers.models.${name}`;
  const modules = (...names: string[]) =>
    put(
      "modules.json",
      names.map((name, i) => ({ idx: i, name: `${i}`, path: i === 0 ? "" : `${i}_${name}`, type: type(name) })),
    );
  const switches = (mode: string) => ({
    word_embedding_dimension: 384,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: false,
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
    pooling_mode_lasttoken: false,
    include_prompt: true,
    [mode]: true,
  });
  beforeEach(() => put("model.safetensors", vectors("a")));

  // The switches as all-MiniLM-L6-v2, bge-small and Qwen3-Embedding have them.
  it.each([
    ["mean", switches("pooling_mode_mean_tokens")],
    ["cls", switches("pooling_mode_cls_token")],
    ["last", switches("pooling_mode_lasttoken")],
    ["last", { word_embedding_dimension: 384, pooling_mode: "lasttoken" }],
    ["mean", { pooling_mode: ["mean"] }],
  ])("pools by %s", (pooling, config) => {
    modules("Transformer", "Pooling", "Normalize");
    put("1_Pooling/config.json", config);
    expect(readHubFolder(folder)).toMatchObject({ pooling, normalize: true });
    modules("Transformer", "Pooling");
    expect(readHubFolder(folder)).toMatchObject({ pooling, normalize: false });
  });

  it.each([
    ["by max", switches("pooling_mode_max_tokens"), /by pooling_mode_max_tokens, which/],
    [
      "twice",
      { ...switches("pooling_mode_max_tokens"), pooling_mode_cls_token: true },
      /_cls_token and pooling_mode_max_/,
    ],
    ["not at all", {}, /by nothing/],
    ["by weighted mean", { pooling_mode: "weightedmean" }, /by weightedmean/],
  ])("refuses to pool %s", (_, config, message) => {
    modules("Transformer", "Pooling");
    put("1_Pooling/config.json", config);
    expect(() => readHubFolder(folder)).toThrow(
      expect.objectContaining({ code: "model-modules-unsupported", message: expect.stringMatching(message) }),
    );
  });

  it("refuses a module that it does not have", () => {
    modules("Transformer", "Pooling", "Dense");
    put("1_Pooling/config.json", switches("pooling_mode_mean_tokens"));
    expect(() => readHubFolder(folder)).toThrow(
      expect.objectContaining({ code: "model-modules-unsupported", message: expect.stringContaining("models.Dense") }),
    );
  });

  it("reads no pooling from outside", () => {
    put("modules.json", [{ type: type("Pooling"), path: "../other" }]);
    put("../other/config.json", { pooling_mode: "mean" });
    expect(() => readHubFolder(folder)).toThrow(expect.objectContaining({ code: "model-folder-malformed" }));
  });
});

it("has the digest that sha256sum gives", async () => {
  put("config.json", "{}\n");
  put("b.safetensors", "second");
  put("a.safetensors", "first");
  const seen: [number, number][] = [];
  const files = ["b.safetensors", "a.safetensors"];
  // GNU coreutils 9.1: LC_ALL=C sha256sum a.safetensors b.safetensors config.json | sha256sum
  expect(await folderDigest({ path: folder, files }, undefined, (...step) => seen.push(step))).toBe(
    "c772dddda247dd4ba78644064cb98823a3f842c5c2ea1a4b09f8d8b7dae6403e",
  );
  expect(seen.at(-1)).toEqual([14, 14]);
});
