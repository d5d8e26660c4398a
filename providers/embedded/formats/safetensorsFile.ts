/**
 * Reads the header of a safetensors file: where each tensor lies.
 * Layout: https://github.com/huggingface/safetensors, "Format": a 64-bit length, a JSON header, the tensors' bytes.
 *
 * Nothing in the file is believed: the header's length is bounded by the file, and the tensors have to fill what
 * follows it from the first byte to the last, as the reference implementation demands. So a truncated or altered
 * file gives an error that names field, value and limit, and no tensor can ask for more than the file holds.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ExpectedError } from "../../../errors.ts";
import type { StoredTensor } from "../Checkpoint.ts";
import { showName, showValue } from "../showValue.ts";

export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The reference implementation's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** Far more than any model has, few enough to be multiplied out. */
const MAX_DIMENSIONS = 16;
const MAX_NAME = 1000;

/** Bits of an element, by type (safetensors 0.6, tensor.rs, Dtype). */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

type Fail = (field: string, value: unknown, limit: string) => never;

/**
 * Reads the header of the safetensors file at `path`.
 * @throws ExpectedError `safetensors-malformed`; errors of the file system as they are.
 */
export function readSafetensors(path: string): SafetensorsFile {
  const fail: Fail = (field, value, limit) => {
    throw new ExpectedError({
      code: "safetensors-malformed",
      message: `the model file is damaged: ${field} is ${String(value)}, ${limit}`,
      where: path,
      hint: "fetch the file again; if it comes from a converter, convert it again",
    });
  };
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    if (size < 8) fail("the file's size", `${size} bytes`, "less than the 8 of the header's length");
    const first = readAt(descriptor, 0, 8, fail);
    if (first.toString("latin1") === "version ")
      fail("the file", "a Git LFS pointer", "run `git lfs pull` for its content");
    const length = first.readBigUInt64LE();
    const limit = Math.min(size - 8, MAX_HEADER_BYTES);
    if (length < 2n || length > BigInt(limit)) fail("the header's length", length, `not between 2 and ${limit}`);
    const start = 8 + Number(length);
    const header = parseHeader(readAt(descriptor, 8, Number(length), fail), fail);
    return { path, tensors: tensorsOf(header, path, start, size, fail) };
  } finally {
    closeSync(descriptor);
  }
}

function readAt(descriptor: number, position: number, length: number, fail: Fail): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const got = readSync(descriptor, bytes, done, length - done, position + done);
    if (got === 0) fail("the header", "cut short", "the file shrank while it was read");
    done += got;
  }
  return bytes;
}

function parseHeader(bytes: Buffer, fail: Fail): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    return fail("the header", "no JSON in UTF-8", (error as Error).message);
  }
  if (!isObject(header)) {
    return fail("the header", Array.isArray(header) ? "a list" : showName(text.trim()), "not an object");
  }
  const seen = new Set<string>();
  for (const name of topLevelKeys(text)) {
    if (name.length > MAX_NAME) fail("a name", `${name.length} characters long`, `more than ${MAX_NAME}`);
    // JSON.parse would keep the last one without a word.
    if (seen.has(name)) fail("the name", showValue(name), "and two tensors have it");
    seen.add(name);
  }
  return header;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys of the object that `text` holds, repeated ones too. `text` is valid JSON. */
function* topLevelKeys(text: string): Generator<string> {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      if (depth === 1 && /\s*:/y.test(text.slice(at + 1, at + 32)))
        yield JSON.parse(text.slice(start, at + 1)) as string;
    }
  }
}

function tensorsOf(
  header: Record<string, unknown>,
  path: string,
  start: number,
  size: number,
  fail: Fail,
): ReadonlyMap<string, StoredTensor> {
  const found: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") found.push(storedTensor(name, entry, path, start, size, fail));
  }
  // Tensors on top of each other would let a small file ask for any amount of memory.
  found.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  let end = start;
  for (const { name, offset, bytes } of found) {
    if (offset !== end) {
      fail(`the beginning of ${showName(name)}`, offset - start, `but the tensor before it ends at ${end - start}`);
    }
    end += bytes;
  }
  if (end !== size) fail("the end of the last tensor", end, `but the file has ${size} bytes`);
  return new Map(found.map((tensor) => [tensor.name, tensor]));
}

function storedTensor(
  name: string,
  entry: unknown,
  path: string,
  start: number,
  size: number,
  fail: Fail,
): StoredTensor {
  const shownName = showName(name);
  if (!isObject(entry)) return fail(`the entry of ${shownName}`, showValue(entry), "not an object");
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (typeof type !== "string" || !Object.hasOwn(BITS, type)) {
    return fail(`the type of ${shownName}`, showValue(type), "which is no type of the format");
  }
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS) {
    return fail(`the shape of ${shownName}`, showValue(shape), `not at most ${MAX_DIMENSIONS} whole numbers from 0 on`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    return fail(`the place of ${shownName}`, showValue(offsets), "not two whole numbers from 0 on");
  }
  const [from, to] = offsets as [number, number];
  if (to < from || start + to > size) {
    return fail(
      `the place of ${shownName}`,
      showValue(offsets),
      `not within the ${size - start} bytes that follow the header`,
    );
  }
  const wanted = (shape.reduce((product, length) => product * length, 1) * (BITS[type] as number)) / 8;
  if (wanted !== to - from) {
    return fail(`the length of ${shownName}`, `${to - from} bytes`, `but ${type} ${showValue(shape)} takes ${wanted}`);
  }
  return { name, type, shape, file: path, offset: start + from, bytes: to - from };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => Number.isSafeInteger(number) && number >= 0);
}
