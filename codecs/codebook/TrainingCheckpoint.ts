import { existsSync, readFileSync, rmSync } from "node:fs";
import { parseFloatTensors, writeSafetensors } from "../../safetensors.ts";
import type { Checkpoint, Tensors } from "../quantisers/Quantiser.ts";

/** Of the time that training takes, writing takes at most about this share. */
const SHARE = 0.05;

/**
 * The state of a training in a file, for one training only: what another one left there is not taken up. Not each round
 * is written, only as many as cost little; a training that goes on from an earlier round ends the same.
 */
export class TrainingCheckpoint implements Checkpoint {
  readonly path: string;
  private readonly key: string;
  private cost = 0;
  private written = performance.now();

  /** @param key hash of everything that the training depends on. */
  constructor(path: string, key: string) {
    this.path = path;
    this.key = key;
  }

  /** @throws ExpectedError `tensors-damaged`. */
  load(): { readonly round: number; readonly state: Tensors } | null {
    if (!existsSync(this.path)) return null;
    const { tensors, metadata } = parseFloatTensors(readFileSync(this.path), this.path);
    return metadata.key === this.key ? { round: Number(metadata.round), state: tensors } : null;
  }

  save(round: number, state: Tensors): void {
    const started = performance.now();
    if (started - this.written < this.cost / SHARE) return;
    const tensors = Object.entries(state).map(([name, { shape, data }]) => ({ name, shape, data }));
    writeSafetensors(this.path, tensors, { format: "isoglyph training", key: this.key, round: String(round) });
    this.written = performance.now();
    this.cost = this.written - started;
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
