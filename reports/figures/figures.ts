/** All figures of a run, in the order in which a reader wants them. */
import type { Analysis } from "../../harness/analysis/analyze.ts";
import { keptStates, statesPrefix } from "../../harness/keptStates.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import { costPlot } from "./costPlot.ts";
import type { Figure } from "./Figure.ts";
import { forestPlot } from "./forestPlot.ts";
import { layerCurves } from "./layerCurves.ts";
import { layerHeatMap } from "./layerHeatMap.ts";
import { projectionPlot } from "./projectionPlot.ts";

const LAYER_MEASURES = ["state.explained", "state.cosine"];
const HEAT_MEASURE = "state.explained";

/** By model, in the manifest's order. @param folder of the run, for its kept states. */
export function figures(record: RunRecord, analysis: Analysis, folder: string): Map<string, Figure[]> {
  const kept = keptStates(folder);
  return new Map(
    analysis.models.map((one) => {
      const { identity } = one.model;
      const prefix = statesPrefix(identity);
      const own = kept.filter(({ name }) => name.startsWith(prefix) && name.endsWith("-natural"));
      const found = [
        forestPlot(record, one),
        costPlot(record, one),
        ...LAYER_MEASURES.map((measure) => layerCurves(record, one, measure)),
        layerHeatMap(record, one, HEAT_MEASURE),
        ...own.slice(0, 1).map((states) => projectionPlot(one, states)),
      ];
      return [identity.reference, found.filter((figure) => figure !== null)];
    }),
  );
}
