/** Truncated and altered model files: a valid parse or an ExpectedError, and no allocation of what a file claims. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ExpectedError } from "../../../errors.ts";
import type { StoredTensor } from "../../../providers/embedded/Checkpoint.ts";
import { type Gguf, type GgufValue, readGguf } from "../../../providers/embedded/formats/gguf.ts";
import { ggufCheckpoint } from "../../../providers/embedded/ggufCheckpoint.ts";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { ggufTokenizer } from "../../../providers/embedded/tokenizer/ggufTokenizer.ts";
import { writeTinyGguf } from "../openModelTinyGguf.ts";

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let path: string;
let whole: Buffer;
/** Where the tensors begin. */
let headerEnd: number;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-damaged-"));
  vi.stubEnv("ISOGLYPH_CACHE", join(folder, "cache"));
  path = join(folder, "Tiny.gguf");
  writeTinyGguf(path);
  whole = readFileSync(path);
  headerEnd = Math.min(...[...readGguf(path).tensors.values()].map(({ offset }) => offset));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What a header says, tokenizer and shape included. */
function parse(bytes: Buffer): Gguf {
  writeFileSync(path, bytes);
  const gguf = readGguf(path);
  ggufCheckpoint(gguf);
  ggufTokenizer(gguf).tokenizer.encode("Hi 2 <|endoftext|>", { special: true });
  return gguf;
}

/** The error of `work`; null where it succeeds. Anything but an ExpectedError goes on up. */
function expectedError(work: () => unknown): ExpectedError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
}

/** A copy of the file, changed by `edit` at the byte after `text`. */
function edited(text: string, edit: (bytes: Buffer, at: number) => void): Buffer {
  const bytes = Buffer.from(whole);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThanOrEqual(0);
  edit(bytes, at + text.length);
  return bytes;
}

/** A file with a header of one metadata entry and no tensors. */
function oneEntry(key: string, type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(24);
  head.write("GGUF");
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(1n, 16);
  return Buffer.concat([head, u64(key.length), Buffer.from(key), u32(type), value]);
}
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: number | bigint) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
/** The value of an array of one array of one array …, `depth` deep, around one byte. */
const nested = (depth: number): Buffer =>
  depth === 1 ? Buffer.concat([u32(0), u64(1), Buffer.of(7)]) : Buffer.concat([u32(9), u64(1), nested(depth - 1)]);

describe("a header", () => {
  it("is read whole", () => {
    const gguf = parse(whole);
    expect(gguf.tensors.get("blk.0.ffn_gate.weight")).toMatchObject({ type: "Q4_1", shape: [64, 32], bytes: 1280 });
    expect(gguf.metadata.get("llama.context_length")).toBe(128);
  });

  /** Bytes from the end of a tensor's name to its dimensions, its type and its offset. */
  const [COLUMNS, ROWS, TYPE, OFFSET] = [4, 12, 20, 24];
  const gate = "blk.0.ffn_gate.weight";
  const huge = 2n ** 62n;
  it.each<[string, () => Buffer, string, RegExp]>([
    ["no byte", () => Buffer.alloc(0), "gguf-malformed", /magic is 4 bytes long, but only 0 are left/],
    ["another magic", () => edited("", (b) => b.write("GGML")), "gguf-malformed", /magic is "GGML"/],
    ["version 1", () => edited("GGUF", (b, at) => b.writeUInt32LE(1, at)), "gguf-version", /version 1/],
    [
      "a huge tensor count",
      () => edited("GGUF", (b, at) => b.writeBigUInt64LE(huge, at + 4)),
      "gguf-malformed",
      /tensor count is 4611686018427387904/,
    ],
    [
      "a huge metadata count",
      () => edited("GGUF", (b, at) => b.writeBigUInt64LE(huge, at + 12)),
      "gguf-malformed",
      /metadata count is/,
    ],
    [
      "a huge string",
      () => edited("general.architecture", (b, at) => b.writeBigUInt64LE(huge, at + 4)),
      "gguf-malformed",
      /length of general.architecture is/,
    ],
    [
      "a huge array",
      () => edited("tokenizer.ggml.tokens", (b, at) => b.writeBigUInt64LE(huge, at + 8)),
      "gguf-malformed",
      /length of tokenizer.ggml.tokens is/,
    ],
    [
      "an unknown metadata type",
      () => edited("llama.block_count", (b, at) => b.writeUInt32LE(13, at)),
      "gguf-malformed",
      /type of llama.block_count is 13/,
    ],
    [
      "an unknown element type",
      () => edited("tokenizer.ggml.tokens", (b, at) => b.writeUInt32LE(99, at + 4)),
      "gguf-malformed",
      /element type of tokenizer.ggml.tokens is 99/,
    ],
    ["arrays five deep", () => oneEntry("x", 9, nested(5)), "gguf-malformed", /x is an array, nested more than 4 deep/],
    ["an alignment of 0", () => oneEntry("general.alignment", 4, u32(0)), "gguf-malformed", /general.alignment is 0/],
    [
      "no dimension",
      () => edited(gate, (b, at) => b.writeUInt32LE(0, at)),
      "gguf-malformed",
      /dimensions of blk.0.ffn_gate.weight is 0/,
    ],
    [
      "five dimensions",
      () => edited(gate, (b, at) => b.writeUInt32LE(5, at)),
      "gguf-malformed",
      /dimensions of blk.0.ffn_gate.weight is 5/,
    ],
    [
      "an empty tensor",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(0n, at + ROWS)),
      "gguf-malformed",
      /dimension 1 of blk.0.ffn_gate.weight is 0/,
    ],
    [
      "a huge dimension",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(huge, at + ROWS)),
      "gguf-malformed",
      /dimension 1 of blk.0.ffn_gate.weight is 46/,
    ],
    [
      "a tensor larger than the file",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(200_000n, at + ROWS)),
      "gguf-malformed",
      /size of blk.0.ffn_gate.weight is 4000000/,
    ],
    [
      "rows that end inside a block",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(33n, at + COLUMNS)),
      "gguf-malformed",
      /row length of blk.0.ffn_gate.weight is 33/,
    ],
    [
      "an unknown tensor type",
      () => edited(gate, (b, at) => b.writeUInt32LE(99, at + TYPE)),
      "gguf-tensor-type",
      /blk.0.ffn_gate.weight has type 99/,
    ],
    [
      "an offset beyond the file",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(44_000n, at + OFFSET)),
      "gguf-malformed",
      /end of blk.0.ffn_gate.weight is/,
    ],
    [
      "a huge offset",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(huge, at + OFFSET)),
      "gguf-malformed",
      /offset of blk.0.ffn_gate.weight is/,
    ],
    [
      "tensors on top of each other",
      () =>
        edited(gate, (b, at) => {
          b.writeBigUInt64LE(1500n, at + ROWS);
          b.writeBigUInt64LE(0n, at + OFFSET);
        }),
      "gguf-malformed",
      /size of all tensors is/,
    ],
    [
      "an unknown architecture",
      () => edited("general.architecture", (b, at) => b.write("gemma", at + 12)),
      "architecture-unsupported",
      /architecture gemma is not supported/,
    ],
    [
      "a block's tensor of another architecture",
      () => edited("blk.0.ffn_gat", (b, at) => b.write("s", at)),
      "tensor-missing",
      /no tensor blk.0.ffn_gate.weight/,
    ],
    [
      "a block's tensor in another block",
      () => edited("blk.", (b, at) => b.write("1", at)),
      "tensor-missing",
      /no tensor blk.0.attn_norm.weight/,
    ],
    [
      "no block",
      () => edited("llama.block_count", (b, at) => b.writeUInt32LE(0, at + 4)),
      "config-field",
      /llama.block_count is 0/,
    ],
    [
      "an odd head size",
      () => edited("llama.attention.head_count", (b, at) => b.writeUInt32LE(32, at + 4)),
      "config-field",
      /rope.dimension_count is 1/,
    ],
    [
      "shapes that don't fit",
      () => edited(gate, (b, at) => b.writeBigUInt64LE(63n, at + ROWS)),
      "tensor-shape",
      /blk.0.ffn_gate.weight is 63×32, not 64×32/,
    ],
  ])("with %s", (_, bytes, code, message) => {
    const error = expectedError(() => parse(bytes()));
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      where: expect.stringContaining(path),
    });
    expect(error?.hint).toBeTruthy();
  });

  it.each(["blk.1.attn_norm.weight", "blk.0.attn_q.scale", "extra.weight"])("with %s, which has no place", (name) => {
    writeFileSync(path, whole);
    const gguf = readGguf(path);
    const norm = gguf.tensors.get("blk.0.attn_norm.weight") as StoredTensor;
    expect(
      expectedError(() => ggufCheckpoint({ ...gguf, tensors: new Map([...gguf.tensors, [name, { ...norm, name }]]) })),
    ).toMatchObject({
      code: "architecture-unsupported",
      message: `tensor ${name} has no place in a llama of 1 blocks`,
    });
  });

  it("may nest arrays four deep", () => {
    writeFileSync(path, oneEntry("x", 9, nested(4)));
    expect(readGguf(path).metadata.get("x")).toEqual([[[[7]]]]);
  });

  it("ends within 64 MiB, however large the file", () => {
    writeFileSync(path, oneEntry("x", 8, u64(100 << 20)));
    truncateSync(path, 200 << 20);
    const alloc = vi.spyOn(Buffer, "alloc");
    expect(expectedError(() => readGguf(path))).toMatchObject({
      code: "gguf-malformed",
      message: expect.stringContaining("67108864"),
    });
    expect(Math.max(...alloc.mock.calls.map(([size]) => size))).toBeLessThanOrEqual(1 << 20);
    alloc.mockRestore();
  });
});

describe("a tokenizer's metadata", () => {
  const withField = (key: string, value: GgufValue | undefined): Gguf => {
    writeFileSync(path, whole);
    const gguf = readGguf(path);
    const metadata = new Map(gguf.metadata);
    if (value === undefined) metadata.delete(`tokenizer.${key}`);
    else metadata.set(`tokenizer.${key}`, value);
    return { ...gguf, metadata };
  };

  it.each<[string, GgufValue | undefined, string, RegExp]>([
    ["ggml.model", "rwkv", "tokenizer-unsupported", /tokenizer model rwkv/],
    ["ggml.pre", "kimi-k2", "tokenizer-unsupported", /pre-tokenizer kimi-k2/],
    ["ggml.pre", "constructor", "tokenizer-unsupported", /pre-tokenizer constructor/],
    ["ggml.tokens", undefined, "gguf-field", /tokens is missing/],
    ["ggml.tokens", [1, 2], "gguf-field", /tokens\[0\] is 1, not a string/],
    ["ggml.token_type", [1, 2], "gguf-field", /token_type is 2 long, not 257/],
    ["ggml.merges", undefined, "gguf-field", /merges is missing/],
    ["ggml.merges", ["a"], "gguf-field", /merges\[0\] is "a"/],
    ["ggml.merges", ["a b"], "gguf-field", /merges\[0\] is "a b", not two tokens that join to a third/],
    ["ggml.eos_token_id", 257, "gguf-field", /eos_token_id is 257/],
    ["ggml.add_bos_token", true, "gguf-field", /bos_token_id is missing/],
  ])("%s = %j is refused", (key, value, code, message) => {
    expect(expectedError(() => ggufTokenizer(withField(key, value)))).toMatchObject({
      code,
      message: expect.stringMatching(message),
      where: path,
    });
  });

  it("may hold a broken chat template, which fails where it is used", () => {
    const { chat } = ggufTokenizer(withField("chat_template", "{% for m in messages %}")).tokenizer;
    expect(expectedError(() => chat?.([{ role: "user", content: "Hi" }]))).toMatchObject({
      code: "chat-template-failed",
      where: path,
    });
  });

  it("may hold a chat template that asks for the date, which is the same every day", () => {
    const { chat } = ggufTokenizer(
      withField("chat_template", "{{ strftime_now('%d %b %Y') }}: {{ messages[0].content }}"),
    ).tokenizer;
    expect(chat?.([{ role: "user", content: "Hi" }])).toBe("26 Jul 2024: Hi");
  });

  it("has no more tokens than the embedding has rows", () => {
    const tokens = Array.from({ length: 258 }, (_, id) => `t${id}`);
    const gguf = withField("ggml.tokens", tokens);
    expect(expectedError(() => ggufCheckpoint(gguf))).toMatchObject({
      code: "config-field",
      message: expect.stringContaining("258 tokens"),
    });
  });
});

describe("any damage", () => {
  it("that cuts the file short is an error", () => {
    const cuts = Array.from({ length: whole.length }, (_, at) => at).filter((at) =>
      at < headerEnd ? at % 7 === 0 : at % 499 === 0,
    );
    for (const at of [...cuts, whole.length - 33]) {
      expect(
        expectedError(() => parse(whole.subarray(0, at))),
        `cut at ${at}`,
      ).toMatchObject({ code: "gguf-malformed" });
    }
  });

  /** One to four places changed, nine in ten of them in the header: a byte, or a length or an offset. */
  function mutated(seed: number): Buffer {
    const random = xoroshiro128plus(Math.imul(seed + 1, 0x9e3779b1));
    const pick = (limit: number) => uniformInt(random, 0, limit - 1);
    const bytes = Buffer.from(whole);
    for (let places = 1 + pick(4); places > 0; places--) {
      const at = pick(pick(10) > 0 ? headerEnd : whole.length - 8);
      const kind = pick(5);
      if (kind === 0) bytes[at] = (bytes[at] as number) ^ (1 << pick(8));
      if (kind === 1) bytes[at] = pick(256);
      if (kind === 2) bytes[at] = [0, 1, 0x7f, 0x80, 0xff][pick(5)] as number;
      if (kind === 3) bytes.writeUInt32LE([0, 1, 8, 9, 64, 0x7fffffff, 0xffffffff][pick(7)] as number, at);
      if (kind === 4)
        bytes.writeBigUInt64LE([0n, 1n, 32n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n][pick(6)] as bigint, at);
    }
    return bytes;
  }

  it("of 2,000 kinds gives a valid parse or an expected error, and takes no more memory than the file has", () => {
    const alloc = vi.spyOn(Buffer, "alloc");
    const codes = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++) {
      const bytes = mutated(seed);
      let code: string;
      try {
        code = expectedError(() => parse(bytes))?.code ?? "valid";
      } catch (error) {
        throw new Error(`mutation ${seed}`, { cause: error });
      }
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Math.max(...alloc.mock.calls.map(([size]) => size))).toBeLessThanOrEqual(whole.length);
    alloc.mockRestore();
    // The mutations reach each kind of refusal.
    for (const code of [
      "valid",
      "gguf-malformed",
      "gguf-version",
      "gguf-tensor-type",
      "gguf-field",
      "config-field",
      "architecture-unsupported",
    ]) {
      expect(codes.get(code) ?? 0, code).toBeGreaterThan(0);
    }
  });

  it("that still opens can be read, or gives an expected error", async () => {
    let opened = 0;
    for (let seed = 0; opened < 12; seed++) {
      writeFileSync(path, mutated(seed));
      try {
        const provider = await openModel(path, {
          weights: seed % 2 === 0 ? "packed" : "float32",
          purpose: "batch",
          threads: 1,
        });
        try {
          const ids = provider.tokenizer.encode("Hi");
          const row = [
            { ids, parent: null },
            { ids, parent: 0 },
          ];
          const [first, second] = [
            { row: 0, segment: 0 },
            { row: 0, segment: 1 },
          ];
          await provider.read({
            rows: [row],
            states: [first],
            pools: [first],
            scores: [second],
            comparisons: [[second]],
          });
          opened++;
        } finally {
          await provider.close();
        }
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw new Error(`mutation ${seed}`, { cause: error });
      }
    }
  });

  it("names what is missing", async () => {
    writeFileSync(
      path,
      edited("output_norm.weigh", (bytes, at) => bytes.write("x", at)),
    );
    await expect(openModel(path, { weights: "packed", purpose: "batch", threads: 1 })).rejects.toMatchObject({
      code: "tensor-missing",
      message: "the model has no tensor output_norm.weight",
    });
  });
});
