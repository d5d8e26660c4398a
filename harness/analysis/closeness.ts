/** Parts A and B of a verdict: contrasts of a condition with what it is held between (verdict.ts has the formulas). */
import { type ContrastResult, contrast, type TestSettings } from "./contrast.ts";
import { bestFloor, FACT, losses, type MeasureKey } from "./losses.ts";
import { type Column, combine, type Table } from "./Table.ts";

export interface MarginSettings extends TestSettings {
  readonly margin: number;
}

/** A contrast that forms from its own column, with the worst and the best that may stand in its place. */
function judged(
  name: string,
  table: Table,
  columns: { readonly own: Column; readonly worst: Column; readonly best: Column; readonly rest: readonly Column[] },
  by: (own: number, ...rest: number[]) => number,
  settings: MarginSettings,
  noise: number | null,
): ContrastResult {
  const all = [columns.own, columns.worst, columns.best, ...columns.rest];
  const put = (place: 0 | 1 | 2) => combine(table.clusters, all, (...row) => by(row[place] as number, ...row.slice(3)));
  const { values, clusters } = put(0);
  const extremes = { worst: put(1).values, best: put(2).values };
  // The coefficients of a contrast add up to 2 in magnitude, so its error is at most twice that of its values.
  return contrast(name, values, clusters, settings, { extremes, noise: 2 * (noise ?? 0) });
}

/** Part A, on one measure: at least `margin` of the way from the best floor to the paraphrase. */
export function closeness(
  table: Table,
  condition: string,
  measure: MeasureKey,
  layer: string,
  settings: MarginSettings,
): ContrastResult {
  const { margin } = settings;
  const name = `A ${measure.name}`;
  const floor = bestFloor(table, condition, measure, layer);
  if (floor === null) return { name, untestable: "there is no floor" };
  if (!table.has("paraphrase")) return { name, untestable: "there is no paraphrase to serve as ceiling" };
  const [own, best, paraphrase] = [condition, "original", "paraphrase"].map((of) =>
    losses(table, of, measure, layer),
  ) as [Column, Column, Column];
  return judged(
    name,
    table,
    { own, best, worst: floor.column, rest: [floor.column, paraphrase] },
    (mine, low, high) => (1 - margin) * (low as number) + margin * (high as number) - mine,
    settings,
    table.noise(measure.name, layer),
  );
}

/** Part B: at least `margin` of the paraphrase's distance from the decoy. */
export function factKept(table: Table, condition: string, settings: MarginSettings): ContrastResult {
  const { margin } = settings;
  const [own, best, decoy, paraphrase] = [condition, "original", "decoy", "paraphrase"].map((name) =>
    table.column(name, FACT),
  ) as [Column, Column, Column, Column];
  return judged(
    "B fact",
    table,
    { own, best, worst: decoy, rest: [decoy, paraphrase] },
    (mine, low, high) => mine - (low as number) - margin * ((high as number) - (low as number)),
    settings,
    table.noise(FACT),
  );
}
