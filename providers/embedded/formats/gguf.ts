/**
 * Reads the header of a GGUF file (versions 2 and 3; little-endian): metadata, and where each tensor lies.
 * Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * Nothing in the file is believed: every length, count and offset is bounded by what the file can hold before
 * it is used, so that a truncated or altered file gives an error that names field, value and limit.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ExpectedError } from "../../../errors.ts";
import type { StoredTensor } from "../Checkpoint.ts";
import { showName, showValue } from "../showValue.ts";

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

export interface Gguf {
  readonly path: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

interface TensorType {
  readonly name: string;
  /** Elements and bytes of a block. */
  readonly block: number;
  readonly bytes: number;
}

/** Ids and block layouts of ggml's tensor types (ggml.h, ggml-common.h). */
const TENSOR_TYPES: Readonly<Record<number, TensorType>> = {
  0: { name: "F32", block: 1, bytes: 4 },
  1: { name: "F16", block: 1, bytes: 2 },
  2: { name: "Q4_0", block: 32, bytes: 18 },
  3: { name: "Q4_1", block: 32, bytes: 20 },
  6: { name: "Q5_0", block: 32, bytes: 22 },
  7: { name: "Q5_1", block: 32, bytes: 24 },
  8: { name: "Q8_0", block: 32, bytes: 34 },
  10: { name: "Q2_K", block: 256, bytes: 84 },
  11: { name: "Q3_K", block: 256, bytes: 110 },
  12: { name: "Q4_K", block: 256, bytes: 144 },
  13: { name: "Q5_K", block: 256, bytes: 176 },
  14: { name: "Q6_K", block: 256, bytes: 210 },
  20: { name: "IQ4_NL", block: 32, bytes: 18 },
  23: { name: "IQ4_XS", block: 256, bytes: 136 },
  30: { name: "BF16", block: 1, bytes: 2 },
};

/** Bytes of the fixed-size metadata types, by id; 8 is a string and 9 an array. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const STRING = 8;
const ARRAY = 9;
const MAX_NESTING = 4;
const MAX_DIMENSIONS = 4;
/** Several times the header of the largest vocabularies; what it holds takes up to ten times its bytes in memory. */
const MAX_HEADER_BYTES = 64 << 20;
/** Elements of all arrays together: several times those of the largest vocabularies. */
const MAX_ELEMENTS = 1 << 22;
/** Bytes of a name, by the format's definition. */
const MAX_KEY = 65_535;
const MAX_TENSOR_NAME = 64;

class Reader {
  private chunk: Buffer = Buffer.alloc(0);
  private chunkStart = 0;
  position = 0;
  private elements = 0;
  private readonly path: string;
  private readonly descriptor: number;
  readonly size: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.descriptor = descriptor;
    this.size = fstatSync(descriptor).size;
  }

  fail(field: string, value: unknown, limit: string): never {
    throw new ExpectedError({
      code: "gguf-malformed",
      message: `the model file is damaged: ${field} is ${String(value)}, ${limit}`,
      where: `${this.path}, byte ${this.position}`,
      hint: "fetch the file again; if it comes from a converter, convert it again",
    });
  }

  /** The next `length` bytes; they stay valid until the next call. */
  take(length: number, field: string): Buffer {
    if (this.position + length > MAX_HEADER_BYTES) {
      this.fail(
        field,
        `${length} bytes long`,
        `which ends beyond the ${MAX_HEADER_BYTES} bytes that a header may take`,
      );
    }
    if (length > this.size - this.position) {
      this.fail(field, `${length} bytes long`, `but only ${this.size - this.position} are left in the file`);
    }
    const from = this.position - this.chunkStart;
    if (from + length > this.chunk.length) {
      const wanted = Math.min(Math.max(length, 1 << 20), this.size - this.position);
      this.chunk = Buffer.alloc(wanted);
      this.chunkStart = this.position;
      let filled = 0;
      while (filled < wanted) {
        const got = readSync(this.descriptor, this.chunk, filled, wanted - filled, this.position + filled);
        if (got === 0) this.fail(field, "cut short", "the file shrank while it was read");
        filled += got;
      }
    }
    const start = this.position - this.chunkStart;
    this.position += length;
    return this.chunk.subarray(start, start + length);
  }

  u32(field: string): number {
    return this.take(4, field).readUInt32LE();
  }

  /** A 64-bit count or offset, at most `limit`. */
  count(field: string, limit: number): number {
    const value = this.take(8, field).readBigUInt64LE();
    if (value > BigInt(limit)) this.fail(field, value, `more than the ${limit} that this file can hold`);
    return Number(value);
  }

  string(field: string, limit = MAX_HEADER_BYTES): string {
    const length = this.count(`length of ${field}`, this.size - this.position);
    if (length > limit) this.fail(`length of ${field}`, length, `more than ${limit} bytes`);
    return this.take(length, field).toString("utf8");
  }

  value(type: number, field: string, nesting = 0): GgufValue {
    if (type === STRING) return this.string(field);
    if (type === ARRAY) {
      if (nesting === MAX_NESTING) this.fail(field, "an array", `nested more than ${MAX_NESTING} deep`);
      const element = this.u32(`element type of ${field}`);
      const smallest = element === STRING ? 8 : element === ARRAY ? 12 : SCALAR_BYTES[element];
      if (smallest === undefined) this.fail(`element type of ${field}`, element, "which is no type of GGUF");
      const count = this.count(`length of ${field}`, Math.floor((this.size - this.position) / smallest));
      this.elements += count;
      if (this.elements > MAX_ELEMENTS)
        this.fail(`length of ${field}`, count, `more than all arrays may have together, ${MAX_ELEMENTS} elements`);
      const out: GgufValue[] = [];
      for (let i = 0; i < count; i++) out.push(this.value(element, field, nesting + 1));
      return out;
    }
    const length = SCALAR_BYTES[type];
    if (length === undefined) this.fail(`type of ${field}`, type, "which is no type of GGUF");
    const bytes = this.take(length, field);
    if (type === 0) return bytes.readUInt8();
    if (type === 1) return bytes.readInt8();
    if (type === 2) return bytes.readUInt16LE();
    if (type === 3) return bytes.readInt16LE();
    if (type === 4) return bytes.readUInt32LE();
    if (type === 5) return bytes.readInt32LE();
    if (type === 6) return bytes.readFloatLE();
    if (type === 7) return bytes.readUInt8() !== 0;
    if (type === 10) return bytes.readBigUInt64LE();
    if (type === 11) return bytes.readBigInt64LE();
    return bytes.readDoubleLE();
  }
}

function readTensor(reader: Reader, path: string): Omit<StoredTensor, "offset" | "file"> & { relative: number } {
  const name = reader.string("tensor name", MAX_TENSOR_NAME);
  const shown = showName(name);
  const dimensions = reader.u32(`dimensions of ${shown}`);
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    reader.fail(`dimensions of ${shown}`, dimensions, `not between 1 and ${MAX_DIMENSIONS}`);
  }
  const shape: number[] = [];
  let elements = 1;
  for (let i = 0; i < dimensions; i++) {
    // No type packs more than five elements into a byte.
    const length = reader.count(`dimension ${i} of ${shown}`, reader.size * 5);
    if (length === 0) reader.fail(`dimension ${i} of ${shown}`, 0, "which leaves the tensor empty");
    shape.unshift(length);
    elements *= length;
  }
  const id = reader.u32(`type of ${shown}`);
  const type = TENSOR_TYPES[id];
  if (type === undefined) {
    throw new ExpectedError({
      code: "gguf-tensor-type",
      message: `tensor ${shown} has type ${id}, which Isoglyph cannot read`,
      where: path,
      hint: `supported types: ${Object.values(TENSOR_TYPES)
        .map((t) => t.name)
        .join(", ")}`,
    });
  }
  const columns = shape[shape.length - 1] ?? 0;
  if (columns % type.block !== 0) {
    reader.fail(`row length of ${shown}`, columns, `no multiple of ${type.block}, the block of ${type.name}`);
  }
  const bytes = (elements / type.block) * type.bytes;
  if (bytes > reader.size) reader.fail(`size of ${shown}`, bytes, `more than the file's ${reader.size} bytes`);
  return { name, type: type.name, shape, bytes, relative: reader.count(`offset of ${shown}`, reader.size) };
}

/**
 * Reads the header of the GGUF file at `path`.
 * @throws ExpectedError `gguf-malformed`, `gguf-version`, `gguf-tensor-type`.
 */
export function readGguf(path: string): Gguf {
  const descriptor = openSync(path, "r");
  try {
    const reader = new Reader(path, descriptor);
    const magic = reader.take(4, "magic").toString("latin1");
    if (magic !== "GGUF") reader.fail("magic", JSON.stringify(magic), 'not "GGUF"');
    const version = reader.u32("version");
    if (version !== 2 && version !== 3) {
      throw new ExpectedError({
        code: "gguf-version",
        message: `GGUF version ${version} is not supported`,
        where: path,
        hint: "convert the model with a llama.cpp of 2023-10 or later (versions 2 and 3)",
      });
    }
    // A tensor's entry takes at least 32 bytes, a metadata entry at least 13.
    const tensorCount = reader.count("tensor count", Math.floor(reader.size / 32));
    const entryCount = reader.count("metadata count", Math.floor(reader.size / 13));
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < entryCount; i++) {
      const key = reader.string(`metadata key ${i}`, MAX_KEY);
      const shown = showName(key);
      if (metadata.has(key)) reader.fail("metadata key", shown, "and two entries have it");
      metadata.set(key, reader.value(reader.u32(`type of ${shown}`), shown));
    }
    const entries = Array.from({ length: tensorCount }, () => readTensor(reader, path));
    const alignment = metadata.get("general.alignment") ?? 32;
    if (typeof alignment !== "number" || !Number.isInteger(alignment) || alignment < 1 || alignment > 65536) {
      return reader.fail("general.alignment", showValue(alignment), "not between 1 and 65536");
    }
    const start = Math.ceil(reader.position / alignment) * alignment;
    // Tensors that lie on top of each other would let a small file ask for any amount of memory.
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    const room = Math.max(0, reader.size - start);
    if (total > room) reader.fail("size of all tensors", total, `more than the ${room} bytes that follow the header`);
    const tensors = new Map<string, StoredTensor>();
    for (const { relative, ...tensor } of entries) {
      if (tensors.has(tensor.name)) reader.fail("tensor name", showName(tensor.name), "and two tensors have it");
      const offset = start + relative;
      if (offset + tensor.bytes > reader.size) {
        reader.fail(`end of ${showName(tensor.name)}`, offset + tensor.bytes, `beyond the file's ${reader.size} bytes`);
      }
      tensors.set(tensor.name, { ...tensor, file: path, offset });
    }
    return { path, version, metadata, tensors };
  } finally {
    closeSync(descriptor);
  }
}
