/**
 * What a model once answered, kept on disk by the hash of everything that the answer depends on. A damaged entry
 * is made again. Entries are written under a temporary name and renamed.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../writeWhole.ts";
import { markUsed } from "./pruneFolder.ts";

export class AnswerCache {
  private readonly folder: string | null;

  /** @param folder null keeps nothing. */
  constructor(folder: string | null) {
    this.folder = folder;
  }

  async remember<T>(key: unknown, make: () => Promise<T>): Promise<T> {
    if (this.folder === null) return make();
    const name = createHash("sha256").update(JSON.stringify(key)).digest("hex");
    const path = join(this.folder, name.slice(0, 2), `${name}.json`);
    const kept = this.read<T>(path);
    if (kept !== null) return kept;
    const value = await make();
    const body = JSON.stringify(value);
    mkdirSync(join(this.folder, name.slice(0, 2)), { recursive: true });
    const sha256 = createHash("sha256").update(body).digest("hex");
    writeWhole(path, JSON.stringify({ sha256, value: JSON.parse(body) }));
    return value;
  }

  private read<T>(path: string): T | null {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    let entry: { sha256: string; value: T };
    try {
      entry = JSON.parse(text) as typeof entry;
    } catch {
      // Not JSON any more: as good as absent, and written anew.
      return null;
    }
    const intact = createHash("sha256").update(JSON.stringify(entry.value)).digest("hex") === entry.sha256;
    if (!intact) return null;
    markUsed(path);
    return entry.value;
  }
}
