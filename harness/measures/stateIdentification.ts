/**
 * Does the condition's state point at its own original? 1 where, among a gallery of up to 50 states (own original,
 * own decoy, nearest others), the own original has the highest centred cosine, averaged over the band; else 0.
 * The two-alternative form asks original against decoy only; ties count one half. Higher is better.
 * After the identification design of Kay et al. 2008 (Nature 452:352).
 */
import { mean } from "simple-statistics";
import { type BandMeasure, needsStates } from "../Measure.ts";
import type { ConditionReading, GalleryEntry, ItemReading } from "../Reading.ts";
import { defined, undefinedBecause } from "../Value.ts";
import { centredCosine } from "../vectors.ts";

function similarity(entry: GalleryEntry, condition: ConditionReading, item: ItemReading, from: number, to: number): number | null {
  const cosines: number[] = [];
  for (let state = from; state <= to; state++) {
    const [own, other, centre] = [condition.states[state], entry.states[state], item.mean[state]];
    const value = own && other && centre ? centredCosine(own, other, centre) : null;
    if (value === null) return null;
    cosines.push(value);
  }
  return mean(cosines);
}

export const stateIdentification: BandMeasure = {
  kind: "band",
  name: "state.identification",
  definition: "whether the own original is the nearest of a gallery of up to 50",
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Kay et al. 2008, Nature 452:352",
  ...needsStates,
  over: (from, to, condition, item) => {
    if (item.gallery.length < 2) return undefinedBecause("there is nothing to tell the original from");
    const scores = item.gallery.map((entry) => similarity(entry, condition, item, from, to));
    if (scores.some((score) => score === null)) return undefinedBecause("a state equals the corpus mean");
    const [own = 0, ...others] = scores as number[];
    return defined(others.every((other) => own > other) ? 1 : 0);
  },
};

export const stateIdentificationPair: BandMeasure = {
  ...stateIdentification,
  name: "state.identification.pair",
  definition: "whether the state is nearer the original's than the decoy's",
  over: (from, to, condition, item) => {
    if (!item.hasDecoy) return undefinedBecause("the item has no decoy");
    const [own, decoy] = item.gallery.slice(0, 2).map((entry) => similarity(entry, condition, item, from, to));
    if (typeof own !== "number" || typeof decoy !== "number") return undefinedBecause("a state equals the corpus mean");
    return defined(own === decoy ? 0.5 : own > decoy ? 1 : 0);
  },
};
