/** Losses (smaller is closer) of a table's conditions, and the floor that a condition is held against. */
import { mean } from "simple-statistics";
import type { MeasureDescription } from "../RunRecord.ts";
import type { Column, Table, TableCondition } from "./Table.ts";

/** The measures that decide closeness; the divergence in both directions only where a suite asks for it. */
export const DISTRIBUTION = "kl";
export const BOTH_WAYS = "j";
export const STATES = "state.explained";
export const FACT = "fact";

export type MeasureKey = Pick<MeasureDescription, "name" | "better">;

/** A column with its sign such that smaller is closer. */
export function losses(table: Table, condition: string, measure: MeasureKey, layer: string): Column {
  const column = table.column(condition, measure.name, layer);
  return measure.better === "lower" ? column : column.map((value) => (value === null ? null : -value));
}

const present = (column: Column) => column.filter((value): value is number => value !== null);

/** Floors that a condition is held against: those made for it, and those made for all. */
function floorsFor(table: Table, condition: string): TableCondition[] {
  const members = new Set(table.conditions.filter(({ name }) => name.startsWith("mismatch-")).map(({ name }) => name));
  return table.conditions.filter(
    ({ name, role, of }) => role === "floor" && (of === null || of === condition) && !members.has(name),
  );
}

/** The best-scoring floor: the one with the smallest mean loss. Null where no floor has a value. */
export function bestFloor(
  table: Table,
  condition: string,
  measure: MeasureKey,
  layer: string,
): { name: string; column: Column } | null {
  let best: { name: string; column: Column; mean: number } | null = null;
  for (const { name } of floorsFor(table, condition)) {
    const column = losses(table, name, measure, layer);
    const values = present(column);
    if (values.length === 0) continue;
    const average = mean(values);
    if (best === null || average < best.mean) best = { name, column, mean: average };
  }
  return best;
}
