/** What became worse between two runs: significantly after Holm's correction, and by more than noise. */
import type { RunComparison, RunDifference } from "../harness/analysis/compareRuns.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

function sentence(model: string, found: RunDifference): string {
  const { condition, measure, layer, before, after, unit, adjusted } = found;
  const where = layer === "" ? measure : `${measure} (layers ${layer})`;
  const number = (value: number | null) => (value === null ? "–" : readableNumber(value));
  const p = adjusted === null ? "" : `, p ${adjusted < 0.001 ? "< 0.001" : `= ${adjusted.toFixed(3)}`}`;
  return `${condition} on ${model}: ${where} ${number(before)} → ${number(after)} ${unit}${p}`;
}

/** One sentence a candidate and tested measure; empty where nothing is worse. */
export function regressions({ models }: RunComparison): string[] {
  return models.flatMap(({ after, differences }) =>
    differences
      .filter(({ role, tested, finding }) => role === "candidate" && tested && finding === "further")
      .map((found) => sentence(after, found)),
  );
}

/** For a terminal: what is worse, or that nothing is. */
export function regressionLines(worse: readonly string[], width: number): string {
  if (worse.length === 0) return "nothing is clearly worse than the baseline";
  return worse.map((line) => wrapText(`WORSE ${line}`, width, "  ")).join("\n");
}
