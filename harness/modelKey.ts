import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { ModelIdentity } from "../providers/contract.ts";

/** Whatever decides what a model reads and what is made of it, and whether the folder's own folders do too. */
const FOLDERS = [
  ["./", false],
  ["./measures/", false],
  ["./judges/", false],
  ["../providers/", true],
] as const;

let digest: string | null = null;

/** sha256 over the project's own files that a kept value comes from: a kept value never outlives the code that made it. */
function codeDigest(): string {
  if (digest !== null) return digest;
  const hash = createHash("sha256");
  for (const [folder, recursive] of FOLDERS) {
    const url = new URL(folder, import.meta.url);
    const files = readdirSync(url, { recursive, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => /\.([jt]s|py)$/.test(name) && !name.endsWith(".d.ts"));
    for (const name of files.sort()) hash.update(`${name}\n`).update(readFileSync(new URL(name, url)));
  }
  digest = hash.digest("hex");
  return digest;
}

/** What every kept value depends on: the model, who computes, and the code; a value never outlives what made it. */
export function modelKey({ reference, digest, engine, weights, tokenizerDigest }: ModelIdentity) {
  // A model whose weights nobody tells is known by its name and its server alone.
  const model = digest === "" ? { reference } : { digest };
  return { ...model, engine, weights, tokenizerDigest, code: codeDigest() };
}
