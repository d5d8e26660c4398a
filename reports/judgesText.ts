/** What is known of a run's judges, in plain words: whether each can be used, and why not. */
import type { AlphaInterval } from "../harness/analysis/alphaInterval.ts";
import type { HumansReport } from "../harness/analysis/humanAgreement.ts";
import type { JudgeReport, JudgesReport } from "../harness/analysis/judges.ts";
import type { JudgeDescription } from "../harness/judges/Judge.ts";
import type { Estimate } from "../harness/statistics/estimate.ts";
import { readableNumber } from "./readableNumber.ts";
import { wrapText } from "./wrapText.ts";

const between = (low: number | null, high: number | null) =>
  low === null || high === null ? "" : ` [${readableNumber(low)}, ${readableNumber(high)}]`;

function alphaText(alpha: Estimate<AlphaInterval>): string {
  if (!alpha.defined) return `none, because ${alpha.reason}`;
  return `${readableNumber(alpha.alpha)}${between(alpha.low, alpha.high)} over ${alpha.units} units`;
}

function judgeLines(report: JudgeReport, description: JudgeDescription | undefined): string[] {
  const { judge, usable, reasons, ratings, unreadable, controls, canaries, positionBias, lengthBias } = report;
  const who = description === undefined ? "" : ` (${description.kind}, ${description.identity.reference})`;
  const head = usable
    ? `${judge}${who} passed its controls, and its ratings are used.`
    : `${judge}${who} FAILED as an instrument, and none of its ratings is used: ${reasons.join("; ")}.`;
  const control = controls.map(
    ({ control: name, expected, n, mean, low, high, holds }) =>
      `  ${name.padEnd(16)} ${readableNumber(mean)}${between(low, high)} of ${n}, expected ${expected}${holds ? "" : ": no"}`,
  );
  return [
    head,
    ...control,
    `  steered          ${canaries.followed} of ${canaries.n} ratings of texts that ask for a high one`,
    `  not readable     ${unreadable} of ${ratings} replies`,
    `  within           Krippendorff's alpha ${alphaText(report.withinAlpha)}`,
    positionBias === null
      ? "  position bias    does not apply"
      : `  position bias    ${readableNumber(positionBias.mean)}${between(positionBias.low, positionBias.high)} for the order given, of ${positionBias.n}`,
    lengthBias === null
      ? "  length bias      no value: paraphrases all rate alike, or are too few"
      : `  length bias      rank correlation ${readableNumber(lengthBias.correlation)} of a paraphrase's rating with the difference in length, of ${lengthBias.n}`,
  ];
}

function humanLines({ raters, amongHumans, withJudges }: HumansReport): string[] {
  const lines = withJudges.map(({ judge, rater, kappa, alpha }) => {
    const cohen = kappa.defined
      ? `Cohen's kappa ${readableNumber(kappa.kappa)}${between(kappa.low, kappa.high)} of ${kappa.n}`
      : `no kappa, because ${kappa.reason}`;
    return `  ${judge} and ${rater}: ${cohen}; Krippendorff's alpha ${alphaText(alpha)}`;
  });
  return [`People: ${raters.join(", ")}`, ...lines, `  among people: Krippendorff's alpha ${alphaText(amongHumans)}`];
}

export interface JudgesTextOptions {
  readonly judges: Readonly<Record<string, JudgeDescription>>;
  readonly humans: HumansReport | null;
  readonly width: number;
}

export function judgesText(report: JudgesReport, { judges, humans, width }: JudgesTextOptions): string {
  const blocks = report.judges.map((judge) => judgeLines(judge, judges[judge.judge]));
  if (report.judges.length > 1) {
    blocks.push([
      "Between judges (Krippendorff's alpha of the pairs' mean ratings)",
      `  all              ${alphaText(report.betweenAll)}`,
      `  those used       ${alphaText(report.betweenUsable)}`,
    ]);
  }
  if (humans !== null) blocks.push(humanLines(humans));
  return blocks
    .map((lines) => lines.map((line) => (line.startsWith("  ") ? line : wrapText(line, width))).join("\n"))
    .join("\n\n");
}
