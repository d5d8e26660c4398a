/**
 * A score as a mean over items, so that the scores of two models can be compared item by item.
 *
 *   S = Σ (f_i − ℓ_i) / Σ (f_i − c_i),      z_i = S + [(f_i − ℓ_i) − S (f_i − c_i)] / D̄,      D̄ = mean of f_i − c_i
 *
 * with ℓ a condition's loss, f the floor's and c the ceiling's. The mean of z is S, and the variance of a mean of z is
 * the linearised (delta method) variance of the ratio: Särndal, Swensson & Wretman 1992, Model Assisted Survey
 * Sampling, 5.5 and 5.6; Deng, Knoblich & Lu 2018, KDD, arXiv 1803.06336. z_i(first model) −
 * z_i(second) then gives the variance of a difference of scores with its covariance between models, which two
 * intervals side by side do not.
 *
 * Why scores: a divergence in nats grows with how sharply a model predicts and how long it talks, and a state's share
 * with how its space is shaped, so 2 nats on one model and 2 on another are not the same closeness. What models
 * have in common is the way from a wrong text to a paraphrase *as each of them reads these*. Ratio of means, not a mean
 * of ratios: an item whose floor is no worse than its paraphrase has no ratio.
 *
 * The linearisation is good where the denominator is well known; a model on which Fieller's g = (t SE/D̄)² is not below
 * the instrument's bound has no score to compare. For the verdict's fact part f is the decoy.
 */
import { mean } from "simple-statistics";
import { clusterMean } from "../statistics/clusterMean.ts";
import type { Estimate } from "../statistics/estimate.ts";
import { LARGEST_G } from "./instrument.ts";
import { bestFloor, FACT, losses, type MeasureKey } from "./losses.ts";
import type { Column, Table } from "./Table.ts";

/** Losses of the floor, the ceiling and the condition itself, [items]. */
export interface ScoreColumns {
  readonly floor: Column;
  readonly ceiling: Column;
  readonly own: Column;
}

/** Undefined where the table has no floor or no paraphrase. */
export function scoreColumns(
  table: Table,
  condition: string,
  measure: MeasureKey,
  layer: string,
): Estimate<ScoreColumns> {
  const missing = (what: string) => ({ defined: false as const, reason: `there is no ${what}` });
  if (!table.has("paraphrase")) return missing("paraphrase to serve as ceiling");
  const decoy = losses(table, "decoy", measure, layer);
  const floor = measure.name === FACT ? { column: decoy } : bestFloor(table, condition, measure, layer);
  if (floor === null || floor.column.every((value) => value === null)) return missing("floor");
  const [ceiling, own] = ["paraphrase", condition].map((name) => losses(table, name, measure, layer)) as [
    Column,
    Column,
  ];
  return { defined: true, floor: floor.column, ceiling, own };
}

export interface LinearisedScore {
  readonly score: number;
  /** z, [n]. */
  readonly values: readonly number[];
  /** Mean of floor − ceiling, above 0: one unit of the score, in the measure's. */
  readonly span: number;
}

/** floor, ceiling, own: [n], the items that have all three; clusters: [n]. Undefined where floor and ceiling do not separate. */
export function linearisedScore(
  floor: readonly number[],
  ceiling: readonly number[],
  own: readonly number[],
  clusters: readonly string[],
): Estimate<LinearisedScore> {
  if (own.length === 0) return { defined: false, reason: "no item has all the values it needs" };
  const range = floor.map((value, i) => value - (ceiling[i] as number));
  const estimate = clusterMean(range, clusters);
  if (!estimate.defined) return { defined: false, reason: estimate.reason };
  const half = (estimate.high - estimate.low) / 2;
  if (!(estimate.mean > 0 && (half / estimate.mean) ** 2 < LARGEST_G)) {
    return { defined: false, reason: "floor and paraphrase do not separate, so there is no scale" };
  }
  const span = estimate.mean;
  const gained = floor.map((value, i) => value - (own[i] as number));
  const score = mean(gained) / span;
  const values = gained.map((gain, i) => score + (gain - score * (range[i] as number)) / span);
  return { defined: true, score, values, span };
}
