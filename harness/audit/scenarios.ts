/** What is put to the verdict, in how many clusters, and what may come of it. */
import type { PlantName } from "./plants.ts";

export interface Scenario {
  readonly name: string;
  readonly group: "margin" | "wrong" | "few" | "power";
  /** A code of plants.ts, or a condition that the run has observed. */
  readonly condition: string;
  /** The name, or its beginning, of the part that is false by construction. */
  readonly part: string | null;
  /** α: at most as often, give or take chance; never: not once; null: reported. */
  readonly claims: "alpha" | "never" | null;
  /** The verdict that must come out every time. */
  readonly always: "inconclusive" | null;
  /** Whether the code must beat the run's foils too; its own in any case. */
  readonly foils: boolean;
  readonly clusters: readonly number[];
}

const SMALL = [20, 40];
const planted = (name: PlantName) => name;

/**
 * At the margin of A and C the run's foils are left out: a code that is no better than the margin asks is often no
 * nearer than half a sentence, and would be refused for that.
 */
const margin = (name: string, condition: PlantName, part: string, clusters = SMALL): Scenario => {
  return { name, group: "margin", condition, part, claims: "alpha", always: null, foils: false, clusters };
};
const wrong = (name: string, condition: string, claims: "alpha" | "never", part: string | null = null): Scenario => {
  return { name, group: "wrong", condition, part, claims, always: null, foils: true, clusters: [...SMALL, 160] };
};
const few = (name: string, condition: PlantName): Scenario => {
  return {
    name,
    group: "few",
    condition,
    part: null,
    claims: "never",
    always: "inconclusive",
    foils: true,
    clusters: [8],
  };
};
const power = (name: string, condition: PlantName): Scenario => {
  return {
    name,
    group: "power",
    condition,
    part: null,
    claims: null,
    always: null,
    foils: true,
    clusters: [40, 80, 160],
  };
};

export const scenarios: readonly Scenario[] = [
  margin("A at the margin, K", "A kl", "A kl"),
  margin("A, K, heavy tails", "A kl, heavy tails", "A kl"),
  margin("A at the margin, states", "A states", "A state.explained"),
  margin("B at the margin", "B fact", "B fact"),
  margin("C at the margin", "C foil", "C "),
  margin("D at the margin", "D tail", "D tail"),
  wrong("near copy, fact lost", "decoy", "never", "B fact"),
  wrong("85 % perfect, 15 % floor", planted("85 % perfect"), "alpha", "D near"),
  wrong("15 % have the fact changed", planted("15 % decoys"), "alpha", "D fact"),
  wrong("25 % have the fact changed", planted("25 % decoys"), "alpha", "D fact"),
  wrong("another text of the topic", planted("topic only"), "alpha"),
  wrong("words shuffled", "shuffled-original", "alpha"),
  wrong("half of the sentence", "first-half", "alpha"),
  few("A, K, heavy tails", "A kl, heavy tails"),
  few("a good code", "easy"),
  power("halfway, margin to ceiling", "halfway"),
  power("a paraphrase's worth", "paraphrase"),
  power("a quarter of its distance", "easy"),
];
