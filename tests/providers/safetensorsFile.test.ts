import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ExpectedError } from "../../errors.ts";
import { readSafetensors } from "../../providers/embedded/formats/safetensorsFile.ts";
import { safetensorsOf } from "./safetensorsBytes.ts";

/**
 * Written by safetensors 0.8.0 for Python: safetensors.torch.save({"b.weight": arange(6, float16) as 2×3, "a": [1.5, -2]
 * as bfloat16, "scalar": 7 as int64, "empty": zeros(0, 4), "é": [1, 2] as float8_e4m3fn, "flag": [True]}, {"format": "pt"})
 */
const REFERENCE = Buffer.from(
  "iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJzY2FsYXIiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sImEiOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbOCwxMl19LCJiLndlaWdodCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMTIsMjRdfSwiw6kiOnsiZHR5cGUiOiJGOF9FNE0zIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjZdfSwiZmxhZyI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlsyNiwyN119fSAgICAgIAcAAAAAAAAAwD8AwAAAADwAQABCAEQARThAAQ==",
  "base64",
);

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isoglyph-safetensors-"));
  path = join(folder, "model.safetensors");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(bytes: Buffer) {
  writeFileSync(path, bytes);
  return readSafetensors(path);
}

it("finds every tensor of a file that the reference implementation wrote", () => {
  const { tensors } = read(REFERENCE);
  expect([...tensors.values()].map(({ name, type, shape, bytes }) => [name, type, shape, bytes])).toEqual([
    ["scalar", "I64", [], 8],
    ["empty", "F32", [0, 4], 0],
    ["a", "BF16", [2], 4],
    ["b.weight", "F16", [2, 3], 12],
    ["é", "F8_E4M3", [2], 2],
    ["flag", "BOOL", [1], 1],
  ]);
  const bytesOf = (name: string) => {
    const { file, offset = 0, bytes = 0 } = tensors.get(name) ?? {};
    expect(file).toBe(path);
    return REFERENCE.subarray(offset, offset + bytes);
  };
  expect(bytesOf("scalar").readBigInt64LE()).toBe(7n);
  // 1.5 and −2 in bfloat16: the upper halves of 3fc00000 and c0000000.
  expect(bytesOf("a").toString("hex")).toBe("c03f00c0");
  const half = bytesOf("b.weight");
  expect([...new Float16Array(half.buffer.slice(half.byteOffset, half.byteOffset + 12))]).toEqual([0, 1, 2, 3, 4, 5]);
});

const f32 = (shape: unknown, data_offsets: unknown, dtype: unknown = "F32") => ({ dtype, shape, data_offsets });
const long = Buffer.from(REFERENCE);
long.writeBigUInt64LE(2n ** 63n);
const huge = Buffer.from(REFERENCE);
huge.writeBigUInt64LE(BigInt(REFERENCE.length - 7));
const noUtf8 = safetensorsOf({ wx: f32([1], [0, 4]) }, 4);
noUtf8[noUtf8.indexOf("x")] = 0xff;

it.each([
  ["no bytes", Buffer.alloc(0), "the file's size is 0 bytes, less than the 8 of the header's length"],
  [
    "a pointer",
    Buffer.from("version https://git-lfs.github.com/spec/v1\noid"),
    "the file is a Git LFS pointer, run `git lfs pull`",
  ],
  ["a header longer than any number", long, "the header's length is 9223372036854775808, not between 2 and 419"],
  ["a header one byte too long", huge, "the header's length is 420, not between 2 and 419"],
  ["no JSON", safetensorsOf("{]"), /^the model file is damaged: the header is no JSON in UTF-8, /],
  ["no UTF-8", noUtf8, /the header is no JSON in UTF-8, /],
  ["a list", safetensorsOf([]), "the header is a list, not an object"],
  ["null", safetensorsOf("null"), "the header is null, not an object"],
  ["a missing entry", safetensorsOf({ w: null }), "the entry of w is null, not an object"],
  [
    "an unknown type",
    safetensorsOf({ w: f32([1], [0, 4], "Q4_K") }, 4),
    'the type of w is "Q4_K", which is no type of the format',
  ],
  ["a type of every object", safetensorsOf({ w: f32([1], [0, 4], "toString") }, 4), 'the type of w is "toString"'],
  ["no type", safetensorsOf({ w: { shape: [1], data_offsets: [0, 4] } }, 4), "the type of w is missing"],
  [
    "a negative dimension",
    safetensorsOf({ w: f32([-1, -1], [0, 4]) }, 4),
    "the shape of w is [-1,-1], not at most 16 whole numbers",
  ],
  ["a fraction", safetensorsOf({ w: f32([0.5, 2], [0, 4]) }, 4), "the shape of w is [0.5,2]"],
  ["too large a dimension", safetensorsOf({ w: f32([2 ** 53], [0, 4]) }, 4), "the shape of w is [9007199254740992]"],
  [
    "a shape that overflows",
    safetensorsOf({ w: f32([2 ** 50, 2 ** 50, 0, 2 ** 50], [0, 4]) }, 4),
    "the length of w is 4 bytes, but F32",
  ],
  ["too many dimensions", safetensorsOf({ w: f32(Array(17).fill(1), [0, 4]) }, 4), "the shape of w is [1,1"],
  ["one offset", safetensorsOf({ w: f32([1], [4]) }, 4), "the place of w is [4], not two whole numbers"],
  [
    "offsets the wrong way round",
    safetensorsOf({ w: f32([1], [4, 0]) }, 4),
    "the place of w is [4,0], not within the 4 bytes",
  ],
  [
    "a tensor beyond the end",
    safetensorsOf({ w: f32([2], [0, 8]) }, 4),
    "the place of w is [0,8], not within the 4 bytes that follow the header",
  ],
  [
    "a shape that is not the length",
    safetensorsOf({ w: f32([2], [0, 4]) }, 4),
    "the length of w is 4 bytes, but F32 [2] takes 8",
  ],
  [
    "an overlap",
    safetensorsOf({ v: f32([1], [0, 4]), w: f32([1], [2, 6]) }, 6),
    "the beginning of w is 2, but the tensor before it ends at 4",
  ],
  [
    "a hole",
    safetensorsOf({ v: f32([1], [0, 4]), w: f32([1], [5, 9]) }, 9),
    "the beginning of w is 5, but the tensor before it ends at 4",
  ],
  [
    "bytes that nobody owns",
    safetensorsOf({ w: f32([1], [0, 4]) }, 5),
    /^the model file is damaged: the end of the last tensor is \d+, but the file has \d+ bytes$/,
  ],
  [
    "the same name twice",
    safetensorsOf(
      '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0077" : {"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
    ),
    'the name is "w", and two tensors have it',
  ],
] as const)("refuses %s", (_, bytes, message) => {
  expect(() => read(bytes)).toThrow(
    expect.objectContaining({
      code: "safetensors-malformed",
      where: path,
      message: expect.stringMatching(typeof message === "string" ? message.replace(/[[\]().]/g, "\\$&") : message),
    }),
  );
});

it("reads no header of more than 100 MB, whatever the file's size", () => {
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(100_000_001n);
  writeFileSync(path, header);
  truncateSync(path, 200_000_000);
  expect(() => readSafetensors(path)).toThrow(/length is 100000001, not between 2 and 100000000/);
});

it("takes names inside strings and metadata for what they are", () => {
  const header = { __metadata__: { w: '"w": {', "a\\": "}" }, w: f32([1], [0, 4]), 'v"': f32([0], [4, 4]) };
  expect([...read(safetensorsOf(header, 4)).tensors.keys()]).toEqual(["w", 'v"']);
});

it("gives a result or an expected error for every damaged file, never anything else", () => {
  const altered = fc.array(fc.tuple(fc.nat(REFERENCE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(altered, fc.nat(REFERENCE.length), (changes, cut) => {
      const bytes = Buffer.from(REFERENCE.subarray(0, REFERENCE.length - (cut % 3 === 0 ? cut : 0)));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      try {
        for (const { offset, bytes: length } of read(bytes).tensors.values()) {
          expect(offset + length).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ExpectedError);
      }
    }),
    { numRuns: 300 },
  );
});
