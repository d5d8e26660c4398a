/**
 * A text file, line by line, as it is read. Lines end at LF and nowhere else: `node:readline` also cuts at
 * U+2028 and U+2029, which may stand unescaped inside a JSON string.
 */

import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { ExpectedError } from "../errors.ts";

export interface TextFile {
  readonly path: string;
  /** What the file is, for messages and error codes. */
  readonly kind: "suite" | "items" | "pairs";
  /** Where it is named, for the case that it does not exist. */
  readonly namedAt?: string;
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its LF; the CR of a CRLF is still there, since within a CSV cell it belongs to the text. */
  readonly text: string;
}

const LF = 0x0a;
const BOM = [0xef, 0xbb, 0xbf];

/**
 * UTF-8 bytes as text, a byte order mark at the start left out.
 * @param offset where the bytes begin in their file
 * @throws ExpectedError `${kind}-not-utf8`, with the offset of the first byte that is wrong.
 */
export function decodeUtf8(bytes: Uint8Array, { path, kind }: TextFile, offset = 0): string {
  const begin = offset === 0 && BOM.every((byte, i) => bytes[i] === byte) ? BOM.length : 0;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(begin));
  } catch (cause) {
    const at = firstInvalidByte(bytes);
    throw new ExpectedError({
      code: `${kind}-not-utf8`,
      message: `the file is not UTF-8: byte 0x${(bytes[at] as number).toString(16).padStart(2, "0")} at offset ${offset + at}`,
      where: path,
      hint: "save the file as UTF-8",
      cause,
    });
  }
}

/** Decoding leniently and encoding again changes the text first where it was wrong. */
function firstInvalidByte(bytes: Uint8Array): number {
  const repaired = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  let at = 0;
  while (at < bytes.length && bytes[at] === repaired[at]) at++;
  // A wrong sequence can share bytes with the replacement character: go back to where that begins.
  while (((repaired[at] as number) & 0xc0) === 0x80) at--;
  return at;
}

/** @throws ExpectedError `${kind}-not-found`, `${kind}-unreadable`; anything else as it came. */
export function rethrowReadFailure(error: unknown, { path, kind, namedAt }: TextFile): never {
  const where = namedAt === undefined ? {} : { where: namedAt };
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    throw new ExpectedError({
      code: `${kind}-not-found`,
      message: `there is no ${kind} file ${path}`,
      hint:
        namedAt === undefined
          ? "check the path; it starts at the current folder"
          : "check the path; it starts at the folder of the file that names it",
      cause: error,
      ...where,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EISDIR") {
    const [reason, hint] =
      code === "EISDIR"
        ? ["it is a folder", "name the file in it"]
        : ["permission denied", "check the file's permissions"];
    throw new ExpectedError({
      code: `${kind}-unreadable`,
      message: `cannot read ${path}: ${reason}`,
      hint,
      cause: error,
      ...where,
    });
  }
  throw error;
}

/**
 * @param hash takes all bytes as they pass
 * @throws ExpectedError `${kind}-not-found`, `${kind}-unreadable`, `${kind}-not-utf8`.
 */
export async function* readLines(file: TextFile, hash: Hash): AsyncGenerator<Line> {
  let pending: Buffer[] = [];
  let offset = 0;
  let number = 0;
  const line = (): Line => {
    const bytes = Buffer.concat(pending);
    const text = decodeUtf8(bytes, file, offset);
    offset += bytes.length + 1;
    pending = [];
    return { number: ++number, text };
  };
  const stream = createReadStream(file.path);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      let start = 0;
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
        pending.push(chunk.subarray(start, end));
        yield line();
        start = end + 1;
      }
      if (start < chunk.length) pending.push(chunk.subarray(start));
    }
  } catch (error) {
    rethrowReadFailure(error, file);
  }
  if (pending.length > 0) yield line();
}
