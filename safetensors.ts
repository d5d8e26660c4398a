/**
 * Reads and writes safetensors files (https://github.com/huggingface/safetensors, "Format"): an 8-byte header length, a
 * JSON header, then the tensors' bytes, little-endian, in the order given. The header is padded with spaces to 8 bytes.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { ExpectedError } from "./errors.ts";
import { unwritable } from "./writeWhole.ts";

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float16Array | BigInt64Array;
}

function typeOf(data: NamedTensor["data"]): string {
  return data instanceof Float32Array ? "F32" : data instanceof BigInt64Array ? "I64" : "F16";
}

/** @param metadata strings that the header carries along. */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: typeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text = text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8), " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  const temporary = `${path}.${randomUUID()}.tmp`;
  const descriptor = openSync(temporary, "w");
  try {
    const write = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    };
    write(length);
    write(Buffer.from(text));
    for (const { data } of tensors) write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch (error) {
    closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw unwritable(path, error);
  }
  closeSync(descriptor);
  renameSync(temporary, path);
}

export interface FloatTensors {
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const MOST_HEADER_BYTES = 1 << 20;
const MOST_DIMENSIONS = 8;

/**
 * The tensors of a file's bytes, all float32 or float16. Nothing in it is believed: lengths are bounded by the bytes there are, and
 * the tensors have to fill what follows the header from the first byte to the last, in order.
 * @param path for errors.
 * @throws ExpectedError `tensors-damaged`.
 */
export function parseFloatTensors(bytes: Buffer, path: string): FloatTensors {
  const fail = (problem: string, cause?: unknown): never => {
    throw new ExpectedError({
      code: "tensors-damaged",
      message: `this is no whole safetensors file of float tensors: ${problem}`,
      where: path,
      hint: "make the file again, or take it from where it came from",
      cause,
    });
  };
  if (bytes.length < 8) return fail(`${bytes.length} bytes do not hold the header's length`);
  const length = bytes.readBigUInt64LE();
  const limit = Math.min(bytes.length - 8, MOST_HEADER_BYTES);
  if (length < 2n || length > BigInt(limit))
    return fail(`the header's length is ${length}, not between 2 and ${limit}`);
  const start = 8 + Number(length);
  const header = parsed(bytes.subarray(8, start), fail);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string"))
    return fail("its metadata is no list of strings");
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  const placed = Object.entries(entries).map(([name, entry]) => ({ name, ...placeOf(name, entry, fail) }));
  placed.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, shape, from, to, bytes: size } of placed) {
    if (from !== end) fail(`${JSON.stringify(name)} begins at ${from}, and what is before it ends at ${end}`);
    if (start + to > bytes.length) fail(`${JSON.stringify(name)} ends at ${to} of ${bytes.length - start} bytes`);
    const own = Uint8Array.from(bytes.subarray(start + from, start + to)).buffer;
    const data = size === 4 ? new Float32Array(own) : Float32Array.from(new Float16Array(own));
    tensors[name] = { shape, data };
    end = to;
  }
  if (start + end !== bytes.length) fail(`${bytes.length - start - end} bytes follow the last tensor`);
  return { tensors, metadata: metadata as Record<string, string> };
}

type Fail = (problem: string, cause?: unknown) => never;

function parsed(bytes: Buffer, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return fail(`its header is no JSON: ${(error as Error).message}`, error);
  }
  return isObject(header) ? header : fail("its header is no object");
}

function placeOf(
  name: string,
  entry: unknown,
  fail: Fail,
): { shape: number[]; from: number; to: number; bytes: number } {
  const shown = JSON.stringify(name.slice(0, 100));
  if (!isObject(entry)) return fail(`the entry of ${shown} is no object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const bytes = dtype === "F32" ? 4 : dtype === "F16" ? 2 : null;
  if (bytes === null) return fail(`${shown} is of type ${JSON.stringify(dtype)?.slice(0, 40)}, not F32 or F16`);
  if (!isCounts(shape) || shape.length > MOST_DIMENSIONS)
    return fail(`the shape of ${shown} is no short list of counts`);
  if (!isCounts(offsets) || offsets.length !== 2) return fail(`the place of ${shown} is not two counts`);
  const [from, to] = offsets as [number, number];
  const wanted = shape.reduce((product, count) => product * count, bytes);
  if (to - from !== wanted) return fail(`${shown} has ${to - from} bytes, and its shape [${shape}] takes ${wanted}`);
  return { shape, from, to, bytes };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
