/**
 * Does a condition's state point at its own original? 1 where, among a gallery of up to 50 states (own original,
 * own decoy, originals of other items, those of the topic first), the own original has the highest cosine,
 * averaged over the band; else 0. `.items` leaves the decoy out, `.pair` asks original against decoy only (ties
 * count one half). All states are centred by their condition's mean over the other clusters (frameStates.ts), so a
 * condition is not punished for being in another language. After the identification design of Kay et al. 2008
 * (Nature 452:352). `state.cosine.content` is the cosine that the comparison rests on, −1 to 1.
 */
import { type FrameMeasure, needsStates } from "../Measure.ts";

const identification = (name: string, definition: string): FrameMeasure => ({
  kind: "frame",
  name,
  definition,
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Kay et al. 2008, Nature 452:352",
  ...needsStates,
});

export const stateIdentification: readonly FrameMeasure[] = [
  {
    ...identification(
      "state.cosine.content",
      "cosine with the original's state, each centred by its condition's mean over other clusters",
    ),
    unit: "cosine",
    range: [-1, 1],
    reference: "Mu & Viswanath 2018, arXiv 1702.01417",
  },
  identification(
    "state.identification",
    "whether the own original is the nearest among originals of other items and the own decoy",
  ),
  identification(
    "state.identification.items",
    "whether the own original is the nearest among originals of other items",
  ),
  identification("state.identification.pair", "whether the own original is nearer than the own decoy"),
];
