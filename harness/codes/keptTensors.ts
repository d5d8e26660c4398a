/** Float32 tensors on disk: PATH.f32 holds them one after another, little-endian, PATH.json their shapes and the sha256. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Tensor } from "../../codecs/quantisers/Quantiser.ts";
import { writeWhole } from "../../writeWhole.ts";

type Tensors = Readonly<Record<string, Tensor>>;

interface Note {
  readonly sha256: string;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

/** @param note what else PATH.json should say, for people. */
export function writeTensors(path: string, tensors: Tensors, note: Readonly<Record<string, unknown>>): void {
  const parts = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const bytes = Buffer.concat(parts);
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  writeWhole(`${path}.f32`, bytes);
  writeWhole(`${path}.json`, `${JSON.stringify({ ...note, sha256: sha256(bytes), tensors: shapes })}\n`);
}

/** What writeTensors wrote; null where there is nothing, or something that was damaged since. */
export function readTensors(path: string): Tensors | null {
  const [text, bytes] = [readOrNull(`${path}.json`), readOrNull(`${path}.f32`)];
  if (text === null || bytes === null) return null;
  let note: Note;
  try {
    note = JSON.parse(text.toString("utf8")) as Note;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (sha256(bytes) !== note.sha256) return null;
  // A copy of its own: what was read may begin at any byte.
  const all = new Float32Array(Uint8Array.from(bytes).buffer);
  let from = 0;
  const tensors: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(note.tensors)) {
    const size = shape.reduce((product, length) => product * length, 1);
    tensors[name] = { shape, data: all.slice(from, from + size) };
    from += size;
  }
  return from === all.length ? tensors : null;
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
