/** Takes single files out of a zip archive (APPNOTE.TXT 6.3.10, PKWARE): stored or deflated, no encryption, no zip64. */
import { crc32, inflateRawSync } from "node:zlib";

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** The bytes of the entry `name`. Throws RangeError where the archive is none, or lacks it, or its checksum is wrong. */
export function zipEntry(archive: Buffer, name: string): Buffer {
  const end = endOfDirectory(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== CENTRAL) throw new RangeError("the archive's directory is broken");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const from = at + 46;
    const to = from + (nameBytes as number);
    if (archive.toString("utf8", from, to) === name) return contentOf(archive, at, name);
    at = to + (extraBytes as number) + (commentBytes as number);
  }
  throw new RangeError(`the archive has no ${name}`);
}

function endOfDirectory(archive: Buffer): number {
  for (let at = archive.length - END_BYTES; at >= Math.max(0, archive.length - END_BYTES - LONGEST_COMMENT); at--) {
    if (archive.readUInt32LE(at) === END) return at;
  }
  throw new RangeError("it is no zip archive");
}

function contentOf(archive: Buffer, central: number, name: string): Buffer {
  const method = archive.readUInt16LE(central + 10);
  const [checksum, packed, size, local] = [16, 20, 24, 42].map((field) => archive.readUInt32LE(central + field)) as [
    number,
    number,
    number,
    number,
  ];
  const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const bytes = archive.subarray(from, from + packed);
  if (method !== 0 && method !== 8) throw new RangeError(`${name} is packed by method ${method}`);
  const content = method === 0 ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  if (content.length !== size || crc32(content) !== checksum) throw new RangeError(`${name} is damaged in the archive`);
  return content;
}
