/**
 * The noise floor of a measure: what of a difference means nothing, because values move by as much when nothing changed.
 *
 *   of an item's value    a + 1.96 s/√F         a: arithmetic, the largest |alone − in a batch| or |run − repeat|
 *   of a mean of n items  a + 1.96 s/√(F n)     s: standard error over the continuations (harness/noise.ts), F frames
 *
 * The arithmetic part is a bound and does not fall with n: an error of rounding may have one sign in all items. The
 * Monte Carlo part covers 95 % of what other continuations would have given (Koehler, Brown & Haneuse 2009, Am Stat
 * 63:155–162); items and frames have continuations of their own, so it averages out. Both are measured on a few items
 * and conditions, pooled as root mean square, and s grows with a condition's divergence: a guide, not a test. In
 * tests the Monte Carlo error needs no place of its own, since it is part of the variance between items.
 */
import { rootMeanSquare } from "simple-statistics";
import type { ModelEntry, RunRecord } from "../RunRecord.ts";

export interface NoiseFloor {
  /** In the measure's unit, 0 or more. */
  readonly arithmetic: number;
  /** Standard error of an item's value over its continuations; null where the record does not hold it. */
  readonly monteCarlo: number | null;
  readonly ofItem: number;
  readonly ofMean: number;
}

/** Covers 95 % of a normal error. */
const Z = 1.96;

export class NoiseFloors {
  private readonly found = new Map<string, { differences: number[]; errors: number[] }>();
  private readonly frames: number;
  private readonly items: number;

  /** @param frame the name of a Table: a frame, with `@matched` where positions were, or `all` for the natural ones. */
  constructor(record: RunRecord, model: ModelEntry, frame: string) {
    const names = new Set<string>();
    for (const batch of record.batches) {
      if (batch.model !== model.identity.reference) continue;
      const name = batch.positions === "matched" ? `${batch.frame}@matched` : batch.frame;
      if (frame === "all" ? batch.positions === "matched" : name !== frame) continue;
      names.add(name);
      for (const { measure, layer, difference, monteCarlo } of batch.noise ?? []) {
        const key = `${measure}\n${layer}`;
        const known = this.found.get(key) ?? { differences: [], errors: [] };
        known.differences.push(difference);
        if (monteCarlo !== undefined) known.errors.push(monteCarlo);
        this.found.set(key, known);
      }
    }
    this.frames = Math.max(1, names.size);
    this.items = Math.max(1, record.manifest.items.length);
  }

  /** Null where nothing was read again. */
  of(measure: string, layer = ""): NoiseFloor | null {
    const known = this.found.get(`${measure}\n${layer}`);
    if (known === undefined) return null;
    const arithmetic = Math.max(...known.differences);
    const monteCarlo = known.errors.length === 0 ? null : rootMeanSquare(known.errors);
    const sampled = (Z * (monteCarlo ?? 0)) / Math.sqrt(this.frames);
    return {
      arithmetic,
      monteCarlo,
      ofItem: arithmetic + sampled,
      ofMean: arithmetic + sampled / Math.sqrt(this.items),
    };
  }
}
