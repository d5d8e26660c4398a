import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/**
 * The digest of the file at `path`, hexadecimal: sha256, unless another hash is given. `onBytes` hears how many
 * bytes are done. Rejects with `signal`'s reason.
 */
export async function fileDigest(
  path: string,
  signal?: AbortSignal,
  onBytes?: (done: number) => void,
  hash: Hash = createHash("sha256"),
): Promise<string> {
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onBytes?.(done);
  }
  return hash.digest("hex");
}
