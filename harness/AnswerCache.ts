/**
 * What a model once answered, kept on disk by the hash of everything that the answer depends on. A damaged entry
 * is made again. Entries are written under a temporary name and renamed.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeWhole } from "../writeWhole.ts";
import { markUsed } from "./pruneFolder.ts";

export class AnswerCache {
  private readonly folder: string | null;

  /** @param folder null keeps nothing. */
  constructor(folder: string | null) {
    this.folder = folder;
  }

  async remember<T>(key: unknown, make: () => Promise<T>): Promise<T> {
    const kept = this.read<T>(key);
    if (kept !== null) return kept;
    const value = await make();
    this.keep(key, value);
    return value;
  }

  /** One value a key, of which only those that are not kept are made, together: `make` gets their indices. */
  async rememberEach<T>(keys: readonly unknown[], make: (missing: readonly number[]) => Promise<T[]>): Promise<T[]> {
    const values = keys.map((key) => this.read<T>(key));
    const missing = values.flatMap((value, i) => (value === null ? [i] : []));
    const made = missing.length === 0 ? [] : await make(missing);
    missing.forEach((i, m) => {
      values[i] = made[m] as T;
      this.keep(keys[i], made[m]);
    });
    return values as T[];
  }

  private pathOf(key: unknown): string {
    const name = createHash("sha256").update(JSON.stringify(key)).digest("hex");
    return join(this.folder as string, name.slice(0, 2), `${name}.json`);
  }

  private keep(key: unknown, value: unknown): void {
    if (this.folder === null) return;
    const body = JSON.stringify(value);
    const path = this.pathOf(key);
    mkdirSync(dirname(path), { recursive: true });
    const sha256 = createHash("sha256").update(body).digest("hex");
    writeWhole(path, JSON.stringify({ sha256, value: JSON.parse(body) }));
  }

  private read<T>(key: unknown): T | null {
    if (this.folder === null) return null;
    const path = this.pathOf(key);
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
