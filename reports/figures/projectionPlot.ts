import * as Plot from "@observablehq/plot";
import { PCA, TSNE } from "@saehrimnir/druidjs";
import type { ModelAnalysis } from "../../harness/analysis/analyze.ts";
import type { KeptStates } from "../../harness/keptStates.ts";
import { COLORS, drawn, type Figure, slug } from "./Figure.ts";

const SYMBOLS = ["circle", "triangle", "square", "diamond", "cross", "star", "wye", "plus"] as const;
/** t-SNE looks at every pair of points in each of its rounds; beyond so many, every n-th item stands for all. */
const MOST_POINTS = 600;
const ROUNDS = 400;
const SEED = 1;
/** Rows that a projection draws, in this order, after the codes. */
const CONTROLS = ["original", "paraphrase-near", "decoy", "empty", "mismatch-1"];

interface Point {
  readonly item: string;
  readonly condition: string;
  readonly x: number;
  readonly y: number;
  readonly method: string;
}

/** Columns scaled alike to 0 … 1, the wider one filling it: distances keep their proportions. */
function unit(rows: readonly (readonly number[])[]): [number, number][] {
  const columns = [0, 1].map((k) => rows.map((row) => row[k] as number));
  const [xs = [], ys = []] = columns;
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - bottom) || 1;
  return rows.map(([x = 0, y = 0]) => [(x - left) / size, (y - bottom) / size]);
}

/**
 * Kept states at the middle of the headline band in two dimensions: by principal components, and by t-SNE (van der
 * Maaten & Hinton 2008) of the first 50 of them.
 */
export function projectionPlot({ model, candidates }: ModelAnalysis, kept: KeptStates): Figure | null {
  const band = model.bands.find(({ name }) => name === model.headlineBand);
  if (band === undefined) return null;
  const middle = Math.round((band.from + band.to) / 2);
  const at = kept.states.indexOf(middle);
  const shown = [...CONTROLS, ...candidates.map(({ condition }) => condition)].filter((name) =>
    Object.hasOwn(kept.conditions, name),
  );
  if (at < 0 || shown.length < 2) return null;
  const total = shown.reduce((sum, name) => sum + (kept.conditions[name]?.items.length ?? 0), 0);
  const step = Math.ceil(total / MOST_POINTS);
  const rows = shown.flatMap((condition) => {
    const { items, data } = kept.conditions[condition] as KeptStates["conditions"][string];
    return items.flatMap((item, i) => {
      if (i % step !== 0) return [];
      const from = (i * kept.states.length + at) * kept.width;
      return [{ item, condition, state: Array.from(data.subarray(from, from + kept.width)) }];
    });
  });
  if (rows.length < 10) return null;
  const states = rows.map(({ state }) => state);
  const reduced = new PCA(states, { d: Math.min(50, rows.length - 1, kept.width), seed: SEED }).transform();
  const components = Array.from(reduced as ArrayLike<ArrayLike<number>>, (row) => Array.from(row));
  const perplexity = Math.min(30, Math.max(5, Math.floor(rows.length / 10)));
  const tsne = new TSNE(components, { perplexity, epsilon: 10, d: 2, seed: SEED }).transform(ROUNDS);
  const embedded = Array.from(tsne as ArrayLike<ArrayLike<number>>, (row) => Array.from(row));
  const methods: [string, [number, number][]][] = [
    ["principal components", unit(components)],
    ["t-SNE", unit(embedded)],
  ];
  const points = methods.flatMap(([method, places]) =>
    places.map(([x, y], i): Point => ({ ...(rows[i] as (typeof rows)[number]), x, y, method })),
  );
  const color = (name: string) => COLORS[shown.indexOf(name) % COLORS.length] as string;
  const legend = shown.map((name, i) => ({ name, x: 0.02, y: -0.08 - 0.07 * i, method: methods[0]?.[0] }));
  const some = step === 1 ? "" : ` Every ${step}th item is drawn.`;
  return drawn(
    `projection-${slug(kept.name)}`,
    `States after block ${middle} on ${model.identity.reference}`,
    `Each mark is one item under one condition, in frame and positions ${kept.name.split("-").slice(-2).join(", ")}.${some} A projection keeps little of ${kept.width} dimensions: neighbours here need not be neighbours there, distances between groups in t-SNE mean nothing, and overlap proves no equivalence. Read it for what stands out, and the measures for what is so.`,
    {
      height: 400 + 24 * shown.length,
      marginTop: 30,
      marginBottom: 10,
      x: { axis: null, domain: [-0.02, 1.02] },
      y: { axis: null, domain: [-0.1 - 0.07 * shown.length, 1.02] },
      fx: { axis: "top", label: null, domain: methods.map(([name]) => name), padding: 0.05 },
      symbol: { domain: shown, range: SYMBOLS.slice(0, shown.length) },
      marks: [
        Plot.dot(points, {
          fx: "method",
          x: "x",
          y: "y",
          symbol: "condition",
          stroke: (p: Point) => color(p.condition),
          r: 3,
        }),
        Plot.dot(legend, {
          fx: "method",
          x: "x",
          y: "y",
          symbol: "name",
          stroke: (l: { name: string }) => color(l.name),
          r: 4,
        }),
        Plot.text(legend, { fx: "method", x: "x", y: "y", text: "name", dx: 10, textAnchor: "start" }),
      ],
    },
  );
}
