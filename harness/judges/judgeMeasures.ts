/** What judges' ratings are called among a run's measures. */
import type { JudgeSpec } from "../../suites/Suite.ts";
import type { MeasureDescription } from "../RunRecord.ts";

/** The mean over the judges that can be used. */
export const PANEL = "judge.equivalence";
export const PARTS = ["equivalence", "answers", "restatement"] as const;
export type JudgedPart = (typeof PARTS)[number];

export const judgeMeasure = (part: JudgedPart, judge: string) => `judge.${part}:${judge}`;

const DEFINITIONS: Readonly<Record<JudgedPart, string>> = {
  equivalence: "answers and restatement",
  answers: "answers, a mean over questions",
  restatement: "restatement",
};

/** None where there is no judge. */
export function judgeMeasures(judges: Readonly<Record<string, JudgeSpec>>): MeasureDescription[] {
  const names = Object.keys(judges);
  if (names.length === 0) return [];
  const description = (name: string, definition: string): MeasureDescription => ({
    ...{ name, definition, unit: "share", range: [0, 1], better: "higher", perLayer: false, descriptive: false },
    reference: "Zheng et al. 2023, arXiv 2306.05685",
  });
  const same = "mean the same as after the original";
  return [
    description(PANEL, `how far answers and restatement ${same}, a mean over the judges that passed their controls`),
    ...names.flatMap((name) =>
      PARTS.map((part) =>
        description(judgeMeasure(part, name), `how far ${DEFINITIONS[part]} ${same}, as ${name} rates it`),
      ),
    ),
  ];
}
