import * as Plot from "@observablehq/plot";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { DISTRIBUTION } from "../../harness/analysis/losses.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { COLORS, drawn, type Figure, GREY, slug, spread } from "./Figure.ts";

const HEIGHT = 360;
const LABEL_HEIGHT = 16;
/** Scores below are drawn at the lower edge. */
const LOWEST = -1;

/** What each code costs against what it keeps. */
export function costPlot(record: RunRecord, analysis: ModelAnalysis): Figure | null {
  const { model, candidates, cells } = analysis;
  const { margin } = record.manifest.suite;
  const { frame } = tables(record, model).all;
  const find = (condition: string, measure: string) =>
    cells.find((cell) => cell.frame === frame && cell.condition === condition && cell.measure === measure);
  const found = candidates.flatMap(({ condition, verdict }, i) => {
    const ratio = find(condition, "tokens.ratio")?.estimate;
    const score = find(condition, DISTRIBUTION)?.score;
    if (!ratio || !score) return [];
    const clamp = (value: number | null) => Math.max(LOWEST, value ?? score.value);
    return [
      {
        label: `${condition}: ${verdict}${score.value < LOWEST ? " (below)" : ""}`,
        ratio: ratio.value,
        score: clamp(score.value),
        low: clamp(score.low),
        high: clamp(score.high),
        color: COLORS[i % COLORS.length] as string,
      },
    ];
  });
  if (found.length === 0) return null;
  const bottom = Math.min(-0.2, ...found.map(({ low }) => low)) - 0.05;
  const top = Math.max(1.2, ...found.map(({ high }) => high)) + 0.05;
  const places = spread(
    found.map(({ score }) => score),
    ((top - bottom) / (HEIGHT - 60)) * LABEL_HEIGHT,
  );
  const points = found.map((point, i) => ({ ...point, at: places[i] as number }));
  const most = Math.max(1.2, ...found.map(({ ratio }) => ratio));
  return drawn(
    `cost-${slug(model.identity.name)}`,
    `Fidelity against cost on ${model.identity.reference}`,
    `Across: how many times shorter than the original, in this model's own tokens; left of 1× the code is longer. Up: the score of the output, with its 95 % interval; 0 is a wrong text, 1 a human paraphrase, the dashed line the margin ${margin}. Worth having is what stands to the right and above.`,
    {
      height: HEIGHT,
      marginLeft: 50,
      marginRight: 190,
      x: { type: "linear", domain: [0, most * 1.05], label: "times shorter, in tokens", ticks: 6 },
      y: { domain: [bottom, top], label: "score", grid: true },
      marks: [
        Plot.ruleY([0, 1], { stroke: GREY }),
        Plot.ruleY([margin], { stroke: GREY, strokeDasharray: "4 3" }),
        Plot.ruleX([1], { stroke: GREY }),
        Plot.ruleX(points, { x: "ratio", y1: "low", y2: "high", stroke: "color", strokeWidth: 2 }),
        Plot.dot(points, { x: "ratio", y: "score", fill: "color", r: 5 }),
        Plot.link(points, {
          x1: "ratio",
          y1: "score",
          x2: () => most * 1.05,
          y2: "at",
          stroke: "color",
          strokeOpacity: 0.4,
          strokeDasharray: "1 3",
        }),
        Plot.text(points, { x: () => most * 1.05, y: "at", text: "label", dx: 6, textAnchor: "start", fill: "color" }),
      ],
    },
  );
}
