/** reports/results-wide.csv: one row a model, frame and condition, with measures as columns. */
import type { Analysis, ModelAnalysis } from "../harness/analysis/analyze.ts";
import type { Cell as ResultCell } from "../harness/analysis/cells.ts";
import type { RunRecord } from "../harness/RunRecord.ts";
import { type Cell, csvText } from "./csvText.ts";

const WIDE_START = ["suite", "model", "frame", "condition", "role", "n", "verdict", "p_adjusted"] as const;
/** Behind a measure's name; its value has no ending. */
const WIDE_ENDINGS = ["", ".low", ".high", ".score", ".score_low", ".score_high"] as const;

/** A measure, or a measure at a band of layers: `state.explained@50-75%`. */
const wideName = ({ measure, layer }: Pick<ResultCell, "measure" | "layer">) =>
  layer === "" ? measure : `${measure}@${layer}`;

/** Measures of the run in the order in which its cells have them. */
export function wideMeasures({ models }: Analysis): { name: string; measure: string; layer: string; unit: string }[] {
  const found = new Map<string, { name: string; measure: string; layer: string; unit: string }>();
  for (const cell of models.flatMap(({ cells }) => cells)) {
    const { measure, layer, unit } = cell;
    if (!found.has(wideName(cell))) found.set(wideName(cell), { name: wideName(cell), measure, layer, unit });
  }
  return [...found.values()];
}

/** The verdict stands in the row that it is for: the only frame, or all frames together. */
function verdictCells(analysis: ModelAnalysis, condition: string, frame: string): Cell[] {
  const found = [...analysis.candidates, ...analysis.foils].find((entry) => entry.condition === condition);
  if (found === undefined) return ["", null];
  const own = found.frames.length === 1 ? found.frames[0]?.frame : "all";
  if (frame === own) return [found.verdict, found.adjusted];
  return [found.frames.find((entry) => entry.frame === frame)?.verdict ?? "", null];
}

function measureCells(cell: ResultCell | undefined): Cell[] {
  const { estimate, score } = cell ?? { estimate: null, score: null };
  return [estimate, score].flatMap((interval) => [
    interval?.value ?? null,
    interval?.low ?? null,
    interval?.high ?? null,
  ]);
}

export function resultsWideCsv({ manifest }: RunRecord, analysis: Analysis): string {
  const measures = wideMeasures(analysis);
  const rows = analysis.models.flatMap((model): Cell[][] => {
    const places = Map.groupBy(model.cells, ({ frame, condition }) => JSON.stringify([frame, condition]));
    return [...places.values()].map((cells) => {
      const { frame, condition, role } = cells[0] as ResultCell;
      const known = new Map(cells.map((cell) => [wideName(cell), cell]));
      return [
        manifest.suite.name,
        model.model.identity.reference,
        frame,
        condition,
        role,
        Math.max(...cells.map(({ n }) => n)),
        ...verdictCells(model, condition, frame),
        ...measures.flatMap(({ name }) => measureCells(known.get(name))),
      ];
    });
  });
  const columns = measures.flatMap(({ name }) => WIDE_ENDINGS.map((ending) => `${name}${ending}`));
  return csvText([...WIDE_START, ...columns], rows);
}
