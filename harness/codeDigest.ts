import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

let digest: string | null = null;

/** sha256 over the harness's own files: a kept value never outlives the code that made it. */
export function codeDigest(): string {
  if (digest !== null) return digest;
  const hash = createHash("sha256");
  for (const folder of ["./", "./measures/"]) {
    const url = new URL(folder, import.meta.url);
    const files = readdirSync(url).filter((name) => /\.[jt]s$/.test(name) && !name.endsWith(".d.ts"));
    for (const name of files.sort()) hash.update(`${name}\n`).update(readFileSync(new URL(name, url)));
  }
  digest = hash.digest("hex");
  return digest;
}
