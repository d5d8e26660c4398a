import * as Plot from "@observablehq/plot";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import { tables } from "../../harness/analysis/Table.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { type LayerPoint, layerPoints } from "../layersCsv.ts";
import { COLORS, drawn, type Figure, GREY, slug, spread } from "./Figure.ts";

const HEIGHT = 380;
/** Pixels. */
const LABEL_HEIGHT = 15;
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "12 4", "1 4", "4 2 1 2", "10 2"];

/** The frame whose curves are drawn: curves are not averaged over frames. */
function shownFrame(points: readonly LayerPoint[], record: RunRecord, analysis: ModelAnalysis): string | undefined {
  const { perFrame } = tables(record, analysis.model);
  const frames = new Set(points.map(({ frame }) => frame));
  return perFrame.map(({ frame }) => frame).find((frame) => frames.has(frame));
}

/** A measure at every layer: codes as lines, controls as bands of their 95 % intervals. */
export function layerCurves(record: RunRecord, analysis: ModelAnalysis, measure: string): Figure | null {
  const { model, candidates } = analysis;
  const description = record.manifest.measures.find(({ name }) => name === measure);
  const all = layerPoints(record).filter((p) => p.model === model.identity.reference && p.measure === measure);
  const frame = shownFrame(all, record, analysis);
  const points = all.filter((point) => point.frame === frame && point.value !== null);
  if (description === undefined || points.length === 0) return null;
  const controls = ["paraphrase", "mismatch", "decoy"].filter((name) => points.some((p) => p.condition === name));
  const codes = candidates.map(({ condition }) => condition).filter((name) => points.some((p) => p.condition === name));
  const last = model.identity.layers;
  const bands = model.bands.map(({ name, from, to }) => ({ name, from, to }));
  const of = (names: readonly string[]) => points.filter(({ condition }) => names.includes(condition));
  const ends = of([...codes, ...controls]).filter(({ layer, condition }) =>
    points.every((other) => other.condition !== condition || other.layer <= layer),
  );
  const color = (name: string) =>
    codes.includes(name) ? (COLORS[codes.indexOf(name) % COLORS.length] as string) : GREY;
  const line = (name: string) =>
    Plot.line(of([name]), {
      x: "layer",
      y: "value",
      stroke: color(name),
      strokeWidth: codes.includes(name) ? 2 : 1,
      strokeDasharray: DASHES[(codes.includes(name) ? codes : controls).indexOf(name) % DASHES.length] ?? "",
    });
  const values = points.flatMap(({ value, condition }) =>
    codes.includes(condition) || controls.includes(condition) ? [value as number] : [],
  );
  const bottom = Math.max(Math.min(...values), -1.5);
  const top = Math.max(1, ...values);
  const places = spread(
    ends.map(({ value }) => Math.max(bottom, value as number)),
    ((top - bottom) / (HEIGHT - 50)) * LABEL_HEIGHT,
  );
  const labels = ends.map(({ condition: name }, i) => ({ name, at: places[i] as number, color: color(name) }));
  return drawn(
    `layers-${slug(measure)}-${slug(model.identity.name)}`,
    `${measure} by layer on ${model.identity.reference}`,
    `${description.definition}, at the last token after the context, in frame ${frame}; mean over ${record.manifest.items.length} items. 0 is the embedding, ${last} the last block. Grey with bands: controls and their 95 % intervals. Shaded columns: the bands in which states are judged (${bands.map(({ name }) => name).join(", ")}). Values below ${bottom.toFixed(1)} are cut off. Late states nearly determine the output: they are no second piece of evidence.`,
    {
      height: HEIGHT,
      marginRight: 130,
      marginLeft: 50,
      x: { domain: [0, last], label: "state after block", ticks: Math.min(last, 12) },
      y: { domain: [bottom, top], label: measure, grid: true, clamp: true },
      marks: [
        Plot.rectX(bands, { x1: "from", x2: "to", fill: GREY, fillOpacity: 0.07, insetLeft: 1, insetRight: 1 }),
        ...controls.map((name) =>
          Plot.areaY(
            of([name]).filter(({ low }) => low !== null),
            { x: "layer", y1: "low", y2: "high", fill: GREY, fillOpacity: 0.25 },
          ),
        ),
        ...[...controls, ...codes].map(line),
        Plot.text(labels, { x: () => last, y: "at", text: "name", dx: 8, textAnchor: "start", fill: "color" }),
      ],
    },
  );
}
