import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExpectedError } from "../errors.ts";
import { parseFloatTensors, writeSafetensors } from "../safetensors.ts";

const path = join(tmpdir(), `parse-${process.pid}.safetensors`);
const tensors = [
  { name: "a", shape: [2, 2], data: Float32Array.of(1, 2, 3, -0.5) },
  { name: "none", shape: [0, 3], data: new Float32Array(0) },
  { name: "b", shape: [], data: Float32Array.of(7) },
];
writeSafetensors(path, tensors, { who: "me" });
const whole = readFileSync(path);

/** The file with another header, its bytes as they are. */
function withHeader(edit: (header: Record<string, Record<string, unknown>>) => unknown): Buffer {
  const length = Number(whole.readBigUInt64LE());
  const text = JSON.stringify(edit(JSON.parse(whole.subarray(8, 8 + length).toString())));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([size, Buffer.from(text), whole.subarray(8 + length)]);
}

test("what is written is read", () => {
  const read = parseFloatTensors(whole, path);
  expect(read.metadata).toEqual({ who: "me" });
  for (const { name, shape, data } of tensors) expect(read.tensors[name]).toEqual({ shape, data });
});

const set = (name: string, value: Record<string, unknown>) => (header: Record<string, Record<string, unknown>>) => ({
  ...header,
  [name]: { ...header[name], ...value },
});

test.for<[string, Buffer, RegExp]>([
  ["nothing", Buffer.alloc(0), /0 bytes do not hold/],
  [
    "a header longer than the file",
    Buffer.concat([Buffer.from("ffffffffffffff7f", "hex"), whole.subarray(8)]),
    /header's length is/,
  ],
  ["no JSON", Buffer.concat([whole.subarray(0, 8), Buffer.alloc(whole.length - 8, 0x20)]), /no JSON/],
  ["a list", withHeader(() => [1]), /no object/],
  ["another type", withHeader(set("a", { dtype: "F64" })), /"F64", not F32/],
  ["a shape that its bytes do not fill", withHeader(set("a", { shape: [2, 3] })), /takes 24/],
  ["a shape beyond all bounds", withHeader(set("a", { shape: [2 ** 40, 2 ** 40] })), /16 bytes/],
  ["a negative shape", withHeader(set("a", { shape: [-2, -2] })), /no short list/],
  ["tensors on top of each other", withHeader(set("b", { data_offsets: [0, 4] })), /begins at/],
  ["a tensor beyond the end", withHeader(set("b", { data_offsets: [16, 24], shape: [2] })), /ends at 24 of 20/],
  ["more than its tensors", Buffer.concat([whole, Buffer.alloc(4)]), /4 bytes follow/],
  ["metadata of numbers", withHeader((header) => ({ ...header, __metadata__: { who: 1 } })), /no list of strings/],
])("%s is refused", ([, bytes, problem]) => {
  const read = () => parseFloatTensors(bytes, "a file");
  expect(read).toThrow(ExpectedError);
  expect(read).toThrow(problem);
});
