import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** sha256 of the file at `path`, hexadecimal; `onBytes` hears how many bytes are done. Rejects with `signal`'s reason. */
export async function fileDigest(
  path: string,
  signal?: AbortSignal,
  onBytes?: (done: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onBytes?.(done);
  }
  return hash.digest("hex");
}
