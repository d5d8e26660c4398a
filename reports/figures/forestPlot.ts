import * as Plot from "@observablehq/plot";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { DISTRIBUTION, STATES } from "../../harness/analysis/losses.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { readableNumber } from "../readableNumber.ts";
import { COLORS, drawn, type Figure, GREY, slug } from "./Figure.ts";

/** What lies beyond is drawn at the edge, with an arrow; its numbers stand beside it in full. */
const DOMAIN = [-0.6, 1.3] as const;
/** Room for the numbers at the right of a panel, in units of the score. */
const NUMBERS = 1.5;
const ROW_HEIGHT = 26;

interface Row {
  readonly label: string;
  readonly panel: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly shown: string;
  readonly color: string;
  readonly beyond: string;
}

const inside = (value: number) => Math.min(DOMAIN[1], Math.max(DOMAIN[0], value));

/** Scores of candidates and foils with 95 % intervals, between the floor (0) and the ceiling (1), and the margin. */
export function forestPlot(record: RunRecord, analysis: ModelAnalysis): Figure | null {
  const { model, candidates, foils, cells } = analysis;
  const { margin } = record.manifest.suite;
  const { frame } = tables(record, model).all;
  const panels = [
    { panel: "output (K)", measure: DISTRIBUTION, layer: "" },
    { panel: `states, layers ${model.headlineBand}`, measure: STATES, layer: model.headlineBand },
  ];
  const general = foils.filter(({ condition }) => model.conditions.some((one) => one.name === condition && !one.of));
  const judged = [
    ...candidates.map((one) => ({ ...one, color: COLORS[0] as string })),
    ...general.map((one) => ({ ...one, color: GREY })),
  ];
  const rows = judged.flatMap(({ condition, verdict, color }) =>
    panels.flatMap(({ panel, measure, layer }): Row[] => {
      const cell = cells.find(
        (one) => one.frame === frame && one.condition === condition && one.measure === measure && one.layer === layer,
      );
      if (!cell?.score) return [];
      const { value, low, high } = cell.score;
      const interval = low === null || high === null ? "" : ` [${readableNumber(low)}, ${readableNumber(high)}]`;
      const beyond = value < DOMAIN[0] ? "◂" : value > DOMAIN[1] ? "▸" : "";
      return [
        {
          label: `${condition}: ${verdict}`,
          ...{ panel, color, beyond },
          value: inside(value),
          low: inside(low ?? value),
          high: inside(high ?? value),
          shown: `${readableNumber(value)}${interval}`,
        },
      ];
    }),
  );
  if (rows.length === 0) return null;
  const labels = judged.map(({ condition, verdict }) => `${condition}: ${verdict}`);
  const { reference } = model.identity;
  return drawn(
    `forest-${slug(model.identity.name)}`,
    `Scores on ${reference}`,
    `Score of each code, and below of what must fail, with its 95 % interval: 0 is the best wrong text (floor), 1 a human paraphrase (ceiling), the dashed line the margin ${margin}. A score alone is no verdict: facts, foils and the tail of the items decide too. Numbers stand at the right; an arrow marks what lies beyond the edge.`,
    {
      width: 960,
      height: 60 + ROW_HEIGHT * labels.length,
      marginLeft: 8 + 7 * Math.min(40, Math.max(...labels.map((label) => label.length))),
      marginRight: 12,
      x: { domain: [DOMAIN[0], DOMAIN[1] + NUMBERS], ticks: [-0.5, 0, 0.5, 1], label: "score", tickSize: 4 },
      y: { domain: labels, label: null, tickSize: 0 },
      fx: { domain: panels.map(({ panel }) => panel), label: null, padding: 0.04 },
      marks: [
        Plot.ruleX([0, 1], { stroke: GREY, strokeOpacity: 0.7 }),
        Plot.ruleX([margin], { stroke: GREY, strokeDasharray: "4 3" }),
        Plot.ruleY(rows, { fx: "panel", y: "label", x1: "low", x2: "high", stroke: "color", strokeWidth: 2 }),
        Plot.dot(rows, {
          fx: "panel",
          y: "label",
          x: "value",
          fill: "color",
          r: 4,
          filter: (row: Row) => row.beyond === "",
        }),
        Plot.text(rows, { fx: "panel", y: "label", x: "value", text: "beyond", fill: "color", fontSize: 14 }),
        Plot.text(rows, { fx: "panel", y: "label", x: () => DOMAIN[1] + 0.06, text: "shown", textAnchor: "start" }),
      ],
    },
  );
}
