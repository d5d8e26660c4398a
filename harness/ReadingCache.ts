/**
 * Measured conditions, kept on disk by the hash of all that they depend on: the model, the code, the frame, the item,
 * its continuations, the condition's text. So a second run computes nothing, and a run with one codec changed reads
 * only that codec's rows. One file an item and frame; a file that is damaged is made again.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../writeWhole.ts";
import type { ConditionRecord } from "./evaluate.ts";
import type { NoiseReading } from "./noise.ts";
import { markUsed } from "./pruneFolder.ts";

export interface KeptCondition {
  readonly record: ConditionRecord;
  /** float32 states of the bands, one after another, base64. */
  readonly states: string;
}

interface KeptItem {
  readonly conditions: Record<string, KeptCondition>;
  readonly noise: Record<string, NoiseReading>;
}

const hashOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

export class ReadingCache {
  private readonly folder: string | null;

  /** @param folder null keeps nothing. */
  constructor(folder: string | null) {
    this.folder = folder;
  }

  open(key: unknown): KeptReadings {
    return new KeptReadings(this.folder, this.folder === null ? null : join(this.folder, `${hashOf(key)}.json`));
  }
}

/** What is kept of one item in one frame. */
class KeptReadings {
  private readonly folder: string | null;
  private readonly path: string | null;
  private readonly kept: KeptItem;
  private changed = false;

  constructor(folder: string | null, path: string | null) {
    this.folder = folder;
    this.path = path;
    this.kept = this.load();
  }

  private load(): KeptItem {
    const nothing: KeptItem = { conditions: {}, noise: {} };
    if (this.path === null) return nothing;
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return nothing;
      throw error;
    }
    const [checksum, body] = [text.slice(0, 64), text.slice(65)];
    if (createHash("sha256").update(body).digest("hex") !== checksum) return nothing;
    markUsed(this.path);
    return JSON.parse(body) as KeptItem;
  }

  condition(key: unknown): KeptCondition | null {
    return this.kept.conditions[hashOf(key)] ?? null;
  }

  keepCondition(key: unknown, value: KeptCondition): void {
    this.kept.conditions[hashOf(key)] = value;
    this.changed = true;
  }

  noise(key: unknown): NoiseReading | null {
    return this.kept.noise[hashOf(key)] ?? null;
  }

  keepNoise(key: unknown, value: NoiseReading): void {
    this.kept.noise[hashOf(key)] = value;
    this.changed = true;
  }

  /** Writes what is new, under a temporary name first. */
  save(): void {
    if (!this.changed || this.path === null || this.folder === null) return;
    mkdirSync(this.folder, { recursive: true });
    const body = JSON.stringify(this.kept);
    writeWhole(this.path, `${createHash("sha256").update(body).digest("hex")}\n${body}`);
  }
}
