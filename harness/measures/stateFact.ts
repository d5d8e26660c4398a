/**
 * 2⟨h_c − (h_x + h_d)/2, h_x − h_d⟩ / ‖h_x − h_d‖², per state: where the condition stands on the line from the
 * decoy d (−1) to the original x (+1). Unbounded; higher is nearer the original.
 */
import { conditionOf, type LayerMeasure, needsStates } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

export const stateFact: LayerMeasure = {
  kind: "layers",
  name: "state.fact",
  definition: "place on the line from the decoy's state (−1) to the original's (+1)",
  unit: "half distances",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "higher",
  reference: "orthogonal projection on the line through two points",
  ...needsStates,
  at: (state, condition, item) => {
    const x = conditionOf(item, "original")?.states[state];
    const d = conditionOf(item, "decoy")?.states[state];
    const c = condition.states[state];
    if (!d) return undefinedBecause("the item has no decoy");
    if (!x || !c) return undefinedBecause("no state was observed");
    let along = 0;
    let length = 0;
    for (let i = 0; i < x.length; i++) {
      const axis = (x[i] as number) - (d[i] as number);
      along += ((c[i] as number) - ((x[i] as number) + (d[i] as number)) / 2) * axis;
      length += axis * axis;
    }
    // The embedding of the frame's last token is the same under every condition.
    if (length === 0) return undefinedBecause("original and decoy have the same state");
    return defined((2 * along) / length);
  },
};
