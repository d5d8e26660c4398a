/** What an audit needs of a run: the three values that decide a verdict, of every item under every control. */
import { readFileSync } from "node:fs";
import { EXIT, ExpectedError } from "../../errors.ts";
import { DISTRIBUTION, FACT, STATES } from "../analysis/losses.ts";
import { type Column, Table, type TableCondition, tables } from "../analysis/Table.ts";
import { type Batch, type Manifest, type ModelEntry, missingBatches, type RunRecord } from "../RunRecord.ts";

/** K, `state.explained` in the headline band, and Λ; null where there is none. */
export interface Values {
  readonly kl: number | null;
  readonly explained: number | null;
  readonly fact: number | null;
}

export interface ItemValues {
  /** Of the run that the values are from: its settings, versions and digests. */
  readonly manifest: Manifest;
  readonly model: ModelEntry;
  readonly frame: string;
  /** By condition, a column over the manifest's items for each of `Values`. */
  readonly values: Readonly<Record<string, Readonly<Record<keyof Values, Column>>>>;
  readonly noise: NonNullable<Batch["noise"]>;
}

const NEEDED = ["original", "paraphrase", "decoy", "decoy-paraphrase", "shuffled-original", "first-half", "mismatch"];

/**
 * The first model and frame of a run, natural positions; without candidates and what was made for them.
 * Throws ExpectedError `run-incomplete`, `audit-controls`.
 */
export function itemValues(record: RunRecord): ItemValues {
  const { missing, planned } = missingBatches(record);
  if (missing > 0) {
    throw new ExpectedError({
      code: "run-incomplete",
      message: `the run stopped early: ${missing} of ${planned} batches are missing`,
      hint: "run the suite again; no verdict is made from part of a run, and none is audited",
      exit: EXIT.incomplete,
    });
  }
  const [model] = record.manifest.models;
  const table = model && tables(record, model).perFrame.find(({ frame }) => !frame.endsWith("@matched"));
  const lacking = NEEDED.filter((name) => !table?.has(name));
  if (model === undefined || table === undefined || lacking.length > 0) {
    throw new ExpectedError({
      code: "audit-controls",
      message: `the run has nothing to plant a known truth with: it lacks ${lacking.join(", ") || "natural positions"}`,
      hint: "audit a run whose items have paraphrases, decoys and decoy paraphrases; without a folder the built-in values are taken",
    });
  }
  const kept = model.conditions.filter(
    ({ name, of, role }) => of === null && role !== "candidate" && name !== "identity",
  );
  const layer = model.headlineBand;
  const columns = (name: string) => ({
    kl: table.column(name, DISTRIBUTION),
    explained: table.column(name, STATES, layer),
    fact: table.column(name, FACT),
  });
  const noise = record.batches
    .filter((batch) => batch.model === model.identity.reference && batch.frame === table.frame)
    .flatMap((batch) => (batch.positions === "natural" ? (batch.noise ?? []) : []))
    .filter((entry) => (entry.measure === DISTRIBUTION && entry.layer === "") || entry.measure === STATES)
    .filter((entry) => entry.measure === DISTRIBUTION || entry.layer === layer);
  return {
    manifest: record.manifest,
    model: { ...model, conditions: kept },
    frame: table.frame,
    values: Object.fromEntries(kept.map(({ name }) => [name, columns(name)])),
    noise,
  };
}

/** Values of a run of suites/everyday on the default model, which come with the program; their run is in `manifest`. */
export function builtInValues(): ItemValues {
  return JSON.parse(readFileSync(new URL("everyday.json", import.meta.url), "utf8")) as ItemValues;
}

/** An item of a table: where it is from, and the values of what was planted for it. */
export interface TableItem {
  /** Index of the item in the manifest. */
  readonly index: number;
  readonly cluster: string;
  readonly planted: Readonly<Record<string, Values>>;
}

/**
 * Any items of the run, in any number of copies, under its controls and the planted conditions; and the same without
 * the foils that serve all.
 */
export function tablesOf(
  source: ItemValues,
  items: readonly TableItem[],
  planted: readonly TableCondition[],
): { readonly all: Table; readonly withoutFoils: Table } {
  const { manifest, model, frame, values, noise } = source;
  const layer = model.headlineBand;
  const named = items.map(({ index, cluster }, i) => {
    const item = manifest.items[index];
    if (item === undefined) throw new RangeError(`the run has no item ${index}`);
    return { ...item, id: String(i), cluster };
  });
  const controls = Object.entries(values);
  const batches = items.map((item, i): readonly [string, Batch] => {
    const own = controls.map(([name, columns]) => {
      const at = (key: keyof Values) => columns[key][item.index] ?? null;
      return [name, { kl: at("kl"), explained: at("explained"), fact: at("fact") }] as const;
    });
    const conditions = [...own, ...Object.entries(item.planted)].map(
      ([name, value]) => [name, conditionRecord(value, layer)] as const,
    );
    const batch: Batch = {
      model: model.identity.reference,
      frame,
      positions: "natural",
      item: String(i),
      seamDiffers: false,
      conditions: Object.fromEntries(conditions),
      missing: {},
      noise: i === 0 ? noise : null,
    };
    return [batch.item, batch];
  });
  const record = { manifest: { ...manifest, items: named }, batches: [] };
  const under = (own: readonly TableCondition[]) =>
    new Table(record, { ...model, conditions: [...own, ...planted] }, frame, [new Map(batches)]);
  const fewer = model.conditions.filter(({ name, role }) => role !== "foil" || name === "decoy");
  return { all: under(model.conditions), withoutFoils: under(fewer) };
}

function conditionRecord({ kl, explained, fact }: Values, layer: string): Batch["conditions"][string] {
  const entry = (measure: string, band: string, value: number | null) =>
    value === null ? [] : [{ measure, layer: band, value: { kind: "defined", value } as const }];
  return {
    tokens: 0,
    curves: {},
    values: [...entry(DISTRIBUTION, "", kl), ...entry(STATES, layer, explained), ...entry(FACT, "", fact)],
  };
}
