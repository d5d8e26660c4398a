/** The values of one model in one frame, as columns over items. */
import { mean } from "simple-statistics";
import type { Role } from "../conditions.ts";
import type { Batch, ModelEntry, RunRecord } from "../RunRecord.ts";
import { numberOf } from "../Value.ts";

/** A value for each item, null where it has none. */
export type Column = readonly (number | null)[];

/** Conditions that several observed ones are averaged into, by the prefix of their names. */
const AVERAGED = { paraphrase: "paraphrase-", mismatch: "mismatch-" } as const;

export interface TableCondition {
  readonly name: string;
  readonly role: Role;
  readonly of: string | null;
}

export class Table {
  readonly model: ModelEntry;
  /** The frame's name, with `@matched` where positions were matched; `all` for the average over frames. */
  readonly frame: string;
  readonly clusters: readonly string[];
  private readonly batches: readonly (Batch | undefined)[][];
  private readonly cells = new Map<string, Column>();

  /** @param sources the batches of each frame that is averaged, by item. */
  constructor(record: RunRecord, model: ModelEntry, frame: string, sources: readonly ReadonlyMap<string, Batch>[]) {
    this.model = model;
    this.frame = frame;
    this.clusters = record.manifest.items.map((item) => item.cluster);
    this.batches = sources.map((source) => record.manifest.items.map((item) => source.get(item.id)));
  }

  /** Observed conditions, and the averaged ones behind their members. */
  get conditions(): readonly TableCondition[] {
    const observed = this.model.conditions;
    const averaged = Object.entries(AVERAGED).flatMap(([name, prefix]) => {
      const first = observed.find((condition) => condition.name.startsWith(prefix));
      return first ? [{ name, role: first.role, of: null }] : [];
    });
    return [...observed, ...averaged];
  }

  has(condition: string): boolean {
    return this.conditions.some(({ name }) => name === condition);
  }

  column(condition: string, measure: string, layer = ""): Column {
    const key = `${condition}\n${measure}\n${layer}`;
    const known = this.cells.get(key);
    if (known) return known;
    const prefix = AVERAGED[condition as keyof typeof AVERAGED];
    const column = prefix ? this.averaged(prefix, measure, layer) : this.observed(condition, measure, layer);
    this.cells.set(key, column);
    return column;
  }

  private observed(condition: string, measure: string, layer: string): Column {
    const perFrame = this.batches.map((items) =>
      items.map((batch) => {
        const entry = batch?.conditions[condition]?.values.find(
          (value) => value.measure === measure && value.layer === layer,
        );
        return numberOf(entry?.value);
      }),
    );
    return this.clusters.map((_, item) => meanOfAll(perFrame.map((column) => column[item] ?? null)));
  }

  private averaged(prefix: string, measure: string, layer: string): Column {
    const members = this.model.conditions.filter(({ name }) => name.startsWith(prefix));
    const columns = members.map(({ name }) => this.column(name, measure, layer));
    return this.clusters.map((_, item) => {
      const present = columns.flatMap((column) => column[item] ?? []);
      return present.length > 0 ? mean(present) : null;
    });
  }

  /** Largest difference between values that should be the same, or null where nothing was read again. */
  noise(measure: string, layer = ""): number | null {
    const differences = this.batches
      .flat()
      .flatMap((batch) =>
        (batch?.noise ?? [])
          .filter((entry) => entry.measure === measure && entry.layer === layer)
          .map((entry) => entry.difference),
      );
    return differences.length > 0 ? Math.max(...differences) : null;
  }
}

/** Defined only where every frame is: an item that misses one frame would stand for another mixture. */
function meanOfAll(values: readonly (number | null)[]): number | null {
  return values.length > 0 && values.every((value) => value !== null) ? mean(values as number[]) : null;
}

/** Rows on which all columns have a value, combined by `combine`, with their clusters. */
export function combine(clusters: readonly string[], columns: readonly Column[], by: (...values: number[]) => number) {
  const values: number[] = [];
  const kept: string[] = [];
  clusters.forEach((cluster, i) => {
    const row = columns.map((column) => column[i] ?? null);
    if (row.some((value) => value === null)) return;
    values.push(by(...(row as number[])));
    kept.push(cluster);
  });
  return { values, clusters: kept };
}

/** One table a frame and position policy of a model, and the average over natural frames where there are several. */
export function tables(record: RunRecord, model: ModelEntry): { perFrame: Table[]; all: Table } {
  const sources = new Map<string, Map<string, Batch>>();
  for (const batch of record.batches) {
    if (batch.model !== model.identity.reference) continue;
    const key = batch.positions === "matched" ? `${batch.frame}@matched` : batch.frame;
    const items = sources.get(key) ?? new Map<string, Batch>();
    items.set(batch.item, batch);
    sources.set(key, items);
  }
  const perFrame = [...sources].map(([frame, source]) => new Table(record, model, frame, [source]));
  const natural = [...sources].filter(([frame]) => !frame.endsWith("@matched")).map(([, source]) => source);
  const [only] = perFrame;
  const all = natural.length === 1 && only ? only : new Table(record, model, "all", natural);
  return { perFrame, all };
}
