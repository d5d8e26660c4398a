import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readOnnxWeights } from "../../providers/embedded/formats/onnxWeights.ts";
import { readSafetensors } from "../../providers/embedded/formats/safetensorsFile.ts";
import { zipEntry } from "../../providers/embedded/formats/zipEntry.ts";
import { writeBertFolder } from "../../providers/embedded/sources/bertFolder.ts";
import { fetchFolder } from "../../providers/embedded/sources/fetchFolder.ts";
import { digestOfFiles } from "../../providers/embedded/sources/hubFolder.ts";
import type { JarSource, KnownFolder } from "../../providers/embedded/sources/knownFolders.ts";
import { onnxFile, onnxNode, onnxTensor, zipOf } from "./jarModel.ts";

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

describe("zipEntry", () => {
  const files = { "a/b.txt": Buffer.from("first"), "c.bin": Buffer.alloc(5000, 7) };

  it.each([[true], [false]])("finds a file, stored or deflated (stored: %s)", (stored) => {
    const archive = zipOf(files, { stored });
    for (const [name, content] of Object.entries(files)) expect(zipEntry(archive, name).equals(content)).toBe(true);
  });

  it("refuses what is no archive, what lacks the file, and what is damaged", () => {
    const archive = zipOf(files, { stored: true });
    expect(() => zipEntry(Buffer.from("PK"), "x")).toThrow("no zip archive");
    expect(() => zipEntry(archive, "b.txt")).toThrow("has no b.txt");
    const at = archive.indexOf("first");
    archive.write("f1rst", at);
    expect(() => zipEntry(archive, "a/b.txt")).toThrow("a/b.txt is damaged");
  });
});

const floats = (...values: number[]) => Float32Array.from(values);
/** A matrix of 2 inputs and 3 outputs, a scale a column; embeddings of one scale. */
const onnx = onnxFile(
  [
    onnxNode("Gather", "/embeddings/word_embeddings/Gather", [
      "embeddings.word_embeddings.weight_quantized",
      "input_ids",
    ]),
    onnxNode("MatMulInteger", "/encoder/layer.0/attention/self/query/MatMul_quant", [
      "x",
      "onnx::MatMul_9_quantized",
      "z",
      "w",
    ]),
  ],
  [
    onnxTensor("encoder.layer.0.attention.self.query.bias", [3], floats(1, 2, 3)),
    onnxTensor("onnx::MatMul_9_quantized", [2, 3], Int8Array.of(-128, 0, 5, 4, 127, -1)),
    onnxTensor("onnx::MatMul_9_scale", [3], floats(0.5, 2, 10), true),
    onnxTensor("onnx::MatMul_9_zero_point", [3], Int8Array.of(0, 1, 0), true),
    onnxTensor("embeddings.word_embeddings.weight_quantized", [2, 2], Uint8Array.of(130, 128, 0, 255)),
    onnxTensor("embeddings.word_embeddings.weight_scale", [], floats(0.25), true),
    onnxTensor("embeddings.word_embeddings.weight_zero_point", [], Uint8Array.of(130), true),
  ],
);

describe("an ONNX file", () => {
  it("tells its tensors and nodes, whichever way they are written", () => {
    const { tensors, nodes } = readOnnxWeights(onnx);
    expect(nodes.map(({ op }) => op)).toEqual(["Gather", "MatMulInteger"]);
    expect(tensors.get("onnx::MatMul_9_quantized")).toEqual({
      dims: [2, 3],
      values: Int8Array.of(-128, 0, 5, 4, 127, -1),
    });
    expect(tensors.get("onnx::MatMul_9_scale")).toEqual({ dims: [3], values: floats(0.5, 2, 10) });
    expect(tensors.get("embeddings.word_embeddings.weight_zero_point")?.values).toEqual(Uint8Array.of(130));
  });

  it("is refused where it ends too early, or is none", () => {
    expect(() => readOnnxWeights(onnx.subarray(0, -3))).toThrow(RangeError);
    expect(() => readOnnxWeights(Buffer.from("PK\x03\x04 and so on"))).toThrow(RangeError);
    expect(() => readOnnxWeights(Buffer.alloc(0))).toThrow("holds no graph");
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-jar-"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  for (const name of ["ISOGLYPH_OFFLINE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const parts = { tokenizer: Buffer.from("{}"), config: { model_type: "bert" }, pooling: "cls" } as const;

it("becomes a folder of float32 weights: w = scale · (q − zero point), matrices turned round", () => {
  writeBertFolder(folder, { onnx, ...parts });
  const { tensors } = readSafetensors(join(folder, "model.safetensors"));
  const bytes = readFileSync(join(folder, "model.safetensors"));
  const found = [...tensors].map(([name, { shape, offset, bytes: length }]) => {
    const values = new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + length)).buffer);
    return [name, shape, Array.from(values)];
  });
  expect(found).toEqual([
    ["embeddings.word_embeddings.weight", [2, 2], [0, -0.5, -32.5, 31.25]],
    ["encoder.layer.0.attention.self.query.bias", [3], [1, 2, 3]],
    ["encoder.layer.0.attention.self.query.weight", [3, 2], [-64, 2, -2, 252, 50, -10]],
  ]);
});

describe("from Maven", () => {
  const jar = zipOf({ "m.onnx": onnx, "t.json": parts.tokenizer });
  let server: Server;
  let asked: { readonly url: string | undefined; readonly authorization: string | undefined }[];
  let content = jar;
  beforeEach(async () => {
    asked = [];
    content = jar;
    server = createServer(({ url, headers }, response) => {
      asked.push({ url, authorization: headers.authorization });
      response.writeHead(200, { "content-length": content.length }).end(content);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    vi.stubEnv("ISOGLYPH_MAVEN", `http://127.0.0.1:${(server.address() as AddressInfo).port}/maven2/`);
    vi.stubEnv("HF_TOKEN", "hf_secret");
  });
  afterEach(() => new Promise((done) => server.close(done)));

  const source: JarSource = {
    kind: "maven",
    group: "org.example",
    artifact: "tiny-zh",
    version: "1.0",
    bytes: jar.length,
    sha256: sha256(jar),
    onnx: "m.onnx",
    tokenizer: "t.json",
    config: parts.config,
    pooling: parts.pooling,
  };
  const known = (): KnownFolder => {
    const made = join(folder, "made");
    writeBertFolder(made, { onnx, ...parts });
    const names = ["config.json", "model.safetensors", "tokenizer.json", "modules.json", "1_Pooling/config.json"];
    const files = Object.fromEntries(
      names.map((name) => {
        const bytes = readFileSync(join(made, name));
        return [name, { bytes: bytes.length, sha256: sha256(bytes) }];
      }),
    );
    const digest = digestOfFiles(new Map(names.slice(0, 2).map((name) => [name, files[name]?.sha256 ?? ""])));
    return { name: "tiny-zh", digest, licence: "Apache-2.0", files, source };
  };

  it("makes the folder out of the package, and shows nobody a key", async () => {
    const path = await fetchFolder(known());
    expect(asked).toEqual([{ url: "/maven2/org/example/tiny-zh/1.0/tiny-zh-1.0.jar", authorization: undefined }]);
    expect(JSON.parse(readFileSync(join(path, "1_Pooling/config.json"), "utf8"))).toEqual({ pooling_mode: "cls" });
    await fetchFolder(known());
    expect(asked).toHaveLength(1);
  });

  it("refuses another package, and an address that is none", async () => {
    content = Buffer.from(jar);
    content[40] = (content[40] as number) ^ 1;
    await expect(fetchFolder(known())).rejects.toThrow(/Maven Central, tiny-zh 1\.0: not the package \(sha256 /);
    vi.stubEnv("ISOGLYPH_MAVEN", "ftp://mirror");
    await expect(fetchFolder(known())).rejects.toThrow("ISOGLYPH_MAVEN is not an http(s) address");
  });
});
