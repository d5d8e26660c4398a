/**
 * May a measure enter a verdict? Only where it tells the ceiling from the floor, prefers a paraphrase to
 * shuffled words and to half a sentence, and sees no difference where there is none.
 */

import { clusterMean } from "../statistics/clusterMean.ts";
import { contrast, type TestSettings, testable } from "./contrast.ts";
import { BOTH_WAYS, bestFloor, DISTRIBUTION, FACT, losses, type MeasureKey, STATES } from "./losses.ts";
import { combine, type Table } from "./Table.ts";

export interface InstrumentCheck {
  readonly measure: string;
  readonly holds: boolean;
  /** What was checked, or what failed. */
  readonly reasons: readonly string[];
}

const COARSE_FOILS = ["shuffled-original", "first-half"];
/** A difference counts only from this many noise floors on. */
const NOISE_FACTOR = 10;
/** Fieller's g: beyond it a ratio to this denominator has no useful interval. */
export const LARGEST_G = 0.05;

/** Checks of all measures that decide closeness in a frame: both divergences where the run has the reverse one too. */
export function checkAllCloseness(table: Table, layer: string, tests: TestSettings): InstrumentCheck[] {
  const both = table.column("paraphrase", BOTH_WAYS).some((value) => value !== null);
  const measures: MeasureKey[] = [
    { name: DISTRIBUTION, better: "lower" },
    ...(both ? [{ name: BOTH_WAYS, better: "lower" } as const] : []),
    { name: STATES, better: "higher" },
  ];
  return measures.map((measure) => checkCloseness(table, measure, measure.name === STATES ? layer : "", tests));
}

function checkCloseness(table: Table, measure: MeasureKey, layer: string, tests: TestSettings): InstrumentCheck {
  const failed = (reason: string): InstrumentCheck => ({ measure: measure.name, holds: false, reasons: [reason] });
  if (!table.has("paraphrase")) return failed("there is no paraphrase to serve as ceiling");
  const ceiling = losses(table, "paraphrase", measure, layer);
  const floor = bestFloor(table, "paraphrase", measure, layer);
  if (floor === null) return failed("there is no floor");
  const gap = combine(table.clusters, [floor.column, ceiling], (low, high) => low - high);
  const estimate = clusterMean(gap.values, gap.clusters);
  if (!estimate.defined) return failed(`floor and ceiling cannot be compared: ${estimate.reason}`);
  const reasons: string[] = [];
  const half = (estimate.high - estimate.low) / 2;
  if (!(estimate.mean > 0 && (half / estimate.mean) ** 2 < LARGEST_G)) {
    reasons.push(
      `the paraphrase and the floor ${floor.name} do not separate (difference ${estimate.mean.toPrecision(3)} ± ${half.toPrecision(2)})`,
    );
  }
  const noise = table.noise(measure.name, layer);
  if (noise !== null && Math.abs(estimate.mean) < NOISE_FACTOR * noise) {
    reasons.push(`floor and ceiling differ by less than ${NOISE_FACTOR} times the noise floor ${noise.toPrecision(2)}`);
  }
  for (const foil of COARSE_FOILS) {
    const beaten = combine(
      table.clusters,
      [losses(table, foil, measure, layer), ceiling],
      (wrong, right) => wrong - right,
    );
    const test = contrast(foil, beaten.values, beaten.clusters, tests);
    if (!testable(test)) reasons.push(`the paraphrase cannot be held against ${foil}: ${test.untestable}`);
    else if (test.p >= tests.alpha) reasons.push(`the paraphrase does not beat ${foil} (t = ${test.t.toFixed(1)})`);
  }
  const identity = combine(
    table.clusters,
    [losses(table, "identity", measure, layer), losses(table, "original", measure, layer), floor.column],
    (again, first, low) => Math.abs(again - first) / Math.max(Math.abs(low - first), Number.MIN_VALUE),
  );
  const worst = Math.max(0, ...identity.values);
  if (worst > 1e-3) reasons.push(`the original read twice differs by ${worst.toPrecision(2)} of the way to the floor`);
  return { measure: measure.name, holds: reasons.length === 0, reasons };
}

/** The fact: the paraphrase must lie on the original's side of the midpoint, the decoy's paraphrase on the decoy's. */
export function checkFact(table: Table, tests: TestSettings): InstrumentCheck {
  const of = (condition: string) => table.column(condition, FACT);
  const failed = (reason: string): InstrumentCheck => ({ measure: FACT, holds: false, reasons: [reason] });
  if (!table.has("decoy")) return failed("no item has a decoy");
  const side = (condition: string) =>
    combine(
      table.clusters,
      [of(condition), of("original"), of("decoy")],
      (value, original, decoy) => value - (original + decoy) / 2,
    );
  const reasons: string[] = [];
  for (const [condition, sign] of [
    ["paraphrase", 1],
    ["decoy-paraphrase", -1],
  ] as const) {
    if (!table.has(condition)) {
      reasons.push(`there is no ${condition}`);
      continue;
    }
    const { values, clusters } = side(condition);
    const test = contrast(
      condition,
      values.map((value) => sign * value),
      clusters,
      tests,
    );
    const where = sign > 0 ? "original's" : "decoy's";
    if (!testable(test)) reasons.push(`the ${condition} cannot be placed: ${test.untestable}`);
    else if (test.p >= tests.alpha)
      reasons.push(`the ${condition} does not lie clearly on the ${where} side (t = ${test.t.toFixed(1)})`);
  }
  return { measure: FACT, holds: reasons.length === 0, reasons };
}
