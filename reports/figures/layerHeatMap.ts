import * as Plot from "@observablehq/plot";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { layerPoints } from "../layersCsv.ts";
import { drawn, type Figure, GREY, slug } from "./Figure.ts";

const CELL_HEIGHT = 22;
/** Beyond so many columns only every second one has its number. */
const ROOMY = 16;

/** One decimal; what rounds to 0 has no sign. */
const written = (value: number) =>
  value
    .toFixed(1)
    .replace(/^-0\.0$/, "0.0")
    .replace("-", "−");

/** A measure at every layer of every condition, as colours with the numbers in them. */
export function layerHeatMap(record: RunRecord, { model }: ModelAnalysis, measure: string): Figure | null {
  const mine = layerPoints(record).filter((p) => p.model === model.identity.reference && p.measure === measure);
  const frame = mine[0]?.frame;
  const averaged = new Set(["paraphrase", "mismatch"]);
  const general = model.conditions.filter(({ of }) => of === null).map(({ name }) => name);
  const names = ["paraphrase", ...general, "mismatch"].filter(
    (name) => averaged.has(name) || !/^(paraphrase|mismatch)-|^original$|^identity$/.test(name),
  );
  const ordered = [
    ...names.filter((name) => model.conditions.some((one) => one.name === name && one.role === "candidate")),
    ...names.filter((name) => !model.conditions.some((one) => one.name === name && one.role === "candidate")),
  ];
  const points = mine.filter(
    ({ frame: own, condition, value }) => own === frame && value !== null && ordered.includes(condition),
  );
  if (points.length === 0) return null;
  const layers = [...new Set(points.map(({ layer }) => layer))].sort((a, b) => a - b);
  const rows = [...new Set(ordered)].filter((name) => points.some(({ condition }) => condition === name));
  const bounded = (value: number | null) => Math.min(1, Math.max(-1, value ?? 0));
  const every = layers.length > ROOMY ? 3 : 1;
  const numbered = points.filter(({ layer }) => layer % every === 0);
  return drawn(
    `heat-${slug(measure)}-${slug(model.identity.name)}`,
    `${measure}: layers and conditions on ${model.identity.reference}`,
    `Mean over items in frame ${frame}; every ${every === 1 ? "" : `${every}rd `}number is written out. Dark is far from the original, bright is close; values below −1 have the colour of −1. Codes first, then what gives the scale.`,
    {
      height: 70 + CELL_HEIGHT * rows.length,
      marginRight: 14,
      marginBottom: 44,
      marginLeft: 8 + 7 * Math.max(...rows.map((name) => name.length)),
      x: {
        type: "band",
        domain: layers,
        label: "state after block (0: the embedding)",
        ticks: layers.filter((l) => l % 5 === 0),
        tickSize: 3,
        padding: 0,
      },
      y: { domain: rows, label: null, tickSize: 0, padding: 0.06 },
      color: { type: "linear", domain: [-1, 1], scheme: "cividis" },
      marks: [
        Plot.cell(points, { x: "layer", y: "condition", fill: (p) => bounded(p.value) }),
        Plot.text(numbered, {
          x: "layer",
          y: "condition",
          text: (p) => written(p.value as number),
          fontSize: 9,
          fill: (p) => (bounded(p.value) > 0 ? "black" : "white"),
        }),
        Plot.ruleY([0], { stroke: GREY, strokeOpacity: 0 }),
      ],
    },
  );
}
