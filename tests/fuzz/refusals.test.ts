/** What fuzzing found: files that were once read wrongly, or ended in an error that no one expected. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGguf } from "../../providers/embedded/formats/gguf.ts";
import { readSafetensors } from "../../providers/embedded/formats/safetensorsFile.ts";
import { ggufCheckpoint } from "../../providers/embedded/ggufCheckpoint.ts";
import { hubCheckpoint } from "../../providers/embedded/hubCheckpoint.ts";
import { headerAtHand } from "../../providers/embedded/modelHeader.ts";
import { showName, showValue } from "../../providers/embedded/showValue.ts";
import { readHubFolder } from "../../providers/embedded/sources/hubFolder.ts";
import { safetensorsOf } from "../providers/safetensorsBytes.ts";
import { type GgufDocument, type GgufItem, openGgufDocument, u32, u64, writeGgufDocument } from "./GgufDocument.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../oracles/fixtures/models/${name}`, import.meta.url));
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "isoglyph-refusals-"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const text = (value: string): GgufItem => ({ type: 8, text: Buffer.from(value) });
const number = (value: number): GgufItem => ({ type: 4, bytes: u32(value) });

function ggufFile(name: string, change: (document: GgufDocument) => void): string {
  const document = openGgufDocument(readFileSync(fixture(`${name}/model.gguf`)));
  change(document);
  const path = join(home, "model.gguf");
  writeFileSync(path, writeGgufDocument(document));
  return path;
}

/** Sets a metadata entry, in place of the one of that name. */
const entry = (key: string, value: GgufItem) => (document: GgufDocument) => {
  document.metadata = [
    ...document.metadata.filter((one) => one.key.toString() !== key),
    { key: Buffer.from(key), value },
  ];
};

describe("a GGUF file", () => {
  const bigs: GgufItem = { type: 9, element: 10, items: [{ type: 10, bytes: u64(1n << 60n) }] };
  it.each<[string, string, (document: GgufDocument) => void, string, string]>([
    [
      "64-bit numbers in a list where one number belongs",
      "llama-gguf",
      entry("llama.block_count", bigs),
      "config-field",
      "metadata llama.block_count is [1152921504606846976], not a whole number from 1 to 1000",
    ],
    [
      "them as the kind of rotary scaling",
      "llama-gguf",
      entry("llama.rope.scaling.type", bigs),
      "config-unsupported",
      "rope scaling [1152921504606846976] is not supported",
    ],
    [
      "a text for the alignment",
      "llama-gguf",
      entry("general.alignment", text("32")),
      "gguf-malformed",
      'the model file is damaged: general.alignment is "32", not between 1 and 65536',
    ],
    [
      "an activation that every object has",
      "llama-gguf",
      entry("llama.hidden_act", text("constructor")),
      "config-unsupported",
      "activation constructor is not supported",
    ],
    [
      "an architecture of 100,000 characters that clear a screen",
      "llama-gguf",
      entry("general.architecture", text(`\u001b[2J${"x".repeat(100_000)}`)),
      "architecture-unsupported",
      `architecture \\u{1b}[2J${"x".repeat(96)}… is not supported`,
    ],
    [
      "a metadata key twice",
      "llama-gguf",
      ({ metadata }) => metadata.push({ key: Buffer.from("llama.block_count"), value: number(2) }),
      "gguf-malformed",
      "the model file is damaged: metadata key is llama.block_count, and two entries have it",
    ],
    [
      "a tensor twice",
      "llama-gguf",
      (document) => {
        document.tensors.push({ ...(document.tensors.at(-1) as GgufDocument["tensors"][0]) });
        document.data = Buffer.concat([document.data, document.data]);
      },
      "gguf-malformed",
      "and two tensors have it",
    ],
    [
      "a tensor's name longer than the format allows",
      "llama-gguf",
      ({ tensors }) => {
        for (const tensor of tensors) tensor.name = Buffer.alloc(65, "x");
      },
      "gguf-malformed",
      "length of tensor name is 65, more than 64 bytes",
    ],
    [
      "joined matrices that the configuration cuts elsewhere",
      "phi3-gguf",
      entry("phi3.feed_forward_length", number(63)),
      "tensor-shape",
      "blk.0.ffn_up.weight is 128×32, which is not as long as the parts that the model cuts it into",
    ],
    [
      "a stack of more experts than the model has",
      "qwen3moe-gguf",
      entry("qwen3moe.expert_count", number(3)),
      "tensor-shape",
      "not a stack of 3 experts",
    ],
  ])("with %s is refused", (_, name, change, code, message) => {
    const path = ggufFile(name, change);
    expect(() => ggufCheckpoint(readGguf(path))).toThrow(
      expect.objectContaining({
        code,
        where: expect.stringContaining(path),
        message: expect.stringContaining(message),
      }),
    );
  });

  it("has no more than 4,194,304 elements in its arrays, however long it is", () => {
    const bytes: GgufItem = { type: 9, element: 0, items: [], declared: 4_194_305n };
    const path = ggufFile("llama-gguf", (document) => {
      document.metadata = [{ key: Buffer.from("x"), value: bytes }];
      document.tensors = [];
    });
    truncateSync(path, 1 << 24);
    expect(() => readGguf(path)).toThrow(/length of x is 4194305, more than all arrays may have together, 4194304/);
  });
});

describe("a safetensors file", () => {
  const read = (header: string | object, data: number) => {
    const path = join(home, "model.safetensors");
    writeFileSync(path, safetensorsOf(header, data));
    return readSafetensors(path);
  };
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;

  it.each([
    [`{"w":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`, "the shape of w is a list of 1, not at most 16"],
    [`{"w":${deep}}`, "the entry of w is a list of 1, not an object"],
    [{ [`w${"x".repeat(1000)}`]: {} }, "a name is 1001 characters long, more than 1000"],
  ])("is refused in few words", (header, message) => {
    expect(() => read(header, 4)).toThrow(
      expect.objectContaining({ code: "safetensors-malformed", message: expect.stringContaining(message) }),
    );
  });
});

describe("a folder", () => {
  type Config = Record<string, unknown>;
  function changed(name: string, change: (config: Config) => void, weights?: (file: string) => void): string {
    const folder = join(home, "folder");
    rmSync(folder, { recursive: true, force: true });
    cpSync(fixture(name), folder, { recursive: true });
    const file = join(folder, "config.json");
    const config = JSON.parse(readFileSync(file, "utf8")) as Config;
    change(config);
    writeFileSync(file, JSON.stringify(config));
    weights?.(join(folder, "model.safetensors"));
    return folder;
  }
  const set = (key: string, value: unknown) => (config: Config) => {
    config[key] = value;
  };

  it.each<[string, (config: Config) => void, string, string]>([
    [
      "llama",
      set("model_type", { toString: 1 }),
      "architecture-unsupported",
      "architecture an object is not supported",
    ],
    ["llama", set("model_type", ["llama"]), "architecture-unsupported", 'architecture ["llama"] is not supported'],
    ["llama", set("hidden_act", "constructor"), "config-unsupported", "activation constructor is not supported"],
    ["llama", set("hidden_act", ["silu"]), "config-unsupported", 'activation ["silu"] is not supported'],
    [
      "llama",
      set("partial_rotary_factor", { valueOf: 1 }),
      "config-field",
      "config.json: partial_rotary_factor is an object, not a positive number",
    ],
    ["llama", set("hidden_size", [0, [[]]]), "config-field", "hidden_size is a list of 2, not a whole number"],
    [
      "llama",
      (config) => {
        delete config.rope_parameters;
        config.rope_scaling = "yarn";
      },
      "config-field",
      "config.json: rope_scaling is yarn, not an object",
    ],
    ["phi3", set("intermediate_size", 63), "tensor-shape", "which is not as long as the parts"],
    ["gpt2", set("n_embd", 31), "config-field", "not a matrix of width 31"],
    ["xlm-roberta", set("max_position_embeddings", 1), "tensor-shape", "tensor position_embd.weight is"],
  ])("of a %s is refused", (name, change, code, message) => {
    const folder = changed(name, change);
    expect(() => hubCheckpoint(readHubFolder(folder))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  const renamed = (from: string, to: string) => (file: string) => {
    const bytes = readFileSync(file);
    const end = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, end)) as Record<string, object>;
    const entries = Object.entries(header).map(([name, value]) => [name === from ? to : name, value] as const);
    writeFileSync(file, safetensorsOf(Object.fromEntries(entries), bytes.subarray(end)));
  };

  it.each([
    ["constructor", "architecture-unsupported", "tensor constructor has no place"],
    ["toString.weight", "architecture-unsupported", "tensor toString.weight has no place"],
    [
      "transformer.model.embed_tokens.weight",
      "tensor-ambiguous",
      "tensors model.embed_tokens.weight and transformer.model.embed_tokens.weight are both token_embd.weight",
    ],
  ])("with a tensor %s is refused", (name, code, message) => {
    // A bias of the model's own gives its place away.
    const folder = changed("llama-bias", () => {}, renamed("model.layers.0.self_attn.q_proj.bias", name));
    expect(() => hubCheckpoint(readHubFolder(folder))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

it("a folder may name no file that no file system could hold", () => {
  const folder = join(home, "pooled");
  cpSync(fixture("bert"), folder, { recursive: true });
  const modules = [{ type: "sentence_transformers.models.Pooling", path: "x".repeat(256) }];
  writeFileSync(join(folder, "modules.json"), JSON.stringify(modules));
  expect(() => readHubFolder(folder)).toThrow(
    expect.objectContaining({ code: "model-folder-malformed", message: expect.stringContaining("leads outside") }),
  );
});

it("a tokenizer's token without a row in the embedding is refused where a text becomes it", () => {
  const folder = join(home, "added");
  cpSync(fixture("llama"), folder, { recursive: true });
  const file = join(folder, "tokenizer.json");
  const json = JSON.parse(readFileSync(file, "utf8")) as { added_tokens: object[] };
  json.added_tokens.push({ id: 5000, content: "<new>", special: true });
  writeFileSync(file, JSON.stringify(json));
  const tokenizer = headerAtHand(folder)?.tokenizer;
  expect(tokenizer?.encode("a").length).toBe(1);
  expect(() => tokenizer?.encode("a<new>", { special: true })).toThrow(
    expect.objectContaining({
      code: "text-unencodable",
      message: "the tokenizer gives token 5000, and the model's embedding has only 288 rows",
    }),
  );
});

describe("messages", () => {
  it.each<[unknown, string, string]>([
    ["silu", '"silu"', "silu"],
    ['a"\\\n', '"a\\"\\\\\\n"', 'a"\\\\u{a}'],
    ["\u202e\u009b\ud800", '"\\u{202e}\\u{9b}\\ud800"', "\\u{202e}\\u{9b}\ufffd"],
    [undefined, "missing", "missing"],
    [null, "null", "null"],
    [12n, "12", "12"],
    [[1, "a", null], "a list of 3", "a list of 3"],
    [[1, "a", undefined], '[1,"a",missing]', '[1,"a",missing]'],
    [new Array(21).fill(0), `[${"0,".repeat(20)}…] (21)`, `[${"0,".repeat(20)}…] (21)`],
    [{ toString: 1 }, "an object", "an object"],
  ])("show a value, case %#", (value, shown, named) => {
    expect(showValue(value)).toBe(shown);
    expect(showName(value)).toBe(named);
  });
});
