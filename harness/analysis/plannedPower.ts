/**
 * What a suite of this size can show before anything is read: for each part of a verdict the smallest mean that its
 * one-sided test finds with power 0.8 (statistics/power.ts), on the scale of scores.
 *
 * That takes a spread that nobody knows yet. In standard deviations the answer needs none; on the scale of scores it
 * uses one that was measured once, with the default suite. A verdict must survive Holm's correction, so α is that of
 * the hardest step, α / verdicts. It is the power of each part alone: all of them together have less.
 */
import { clustersNeeded, smallestDetectable } from "../statistics/power.ts";
import { TAIL_ALLOWANCE } from "./tail.ts";
import { FEWEST_CLUSTERS } from "./verdict.ts";

/**
 * Variances of the contrasts of parts A, B and D within clusters and between them (one-way analysis of variance over 18
 * clusters of 4; a between-part below 0 is 0), in units of the mean way from floor (B: decoy) to paraphrase, D in
 * shares. Read in the frame restate at natural positions with 4 continuations (2 for controls), margin 0.8. Of two
 * codes, `no-articles` and `no-stop-words`, the one with the larger total: near the margin, where power is wanted. Codes
 * far from it vary more (Chinese: 0.6 to 0.8 in all but output), and need no power to be told.
 */
export const REFERENCE_SPREAD = {
  source: "the first 72 items of the default suite on smollm2-135m",
  parts: [
    { part: "output", within: 0.04, between: 0 },
    { part: "states", within: 0.421, between: 0.013 },
    { part: "fact", within: 0.195, between: 0 },
    { part: "tail", within: 0.162, between: 0 },
  ],
} as const;

export interface PlannedPart {
  readonly part: (typeof REFERENCE_SPREAD.parts)[number]["part"];
  /** The true score from which on the part is shown; tail: the true difference of the share of good items. */
  readonly shown: number;
  /** Clusters of this size that would show it of a code just as good as a paraphrase; null beyond a million. */
  readonly clustersAtParity: number | null;
}

export interface PlannedPower {
  readonly clusters: number;
  /** One-sided, of the hardest step of Holm's method. */
  readonly alpha: number;
  /** Smallest mean that is found, in standard deviations of cluster means. */
  readonly d: number;
  readonly parts: readonly PlannedPart[];
}

/**
 * clusters: [items]; verdicts: candidates times models, from 1. Null with fewer clusters than a verdict takes, where
 * nothing can be shown.
 */
export function plannedPower(
  clusters: readonly string[],
  { alpha, margin, verdicts }: { readonly alpha: number; readonly margin: number; readonly verdicts: number },
): PlannedPower | null {
  const count = new Set(clusters).size;
  if (count < FEWEST_CLUSTERS) return null;
  const size = clusters.length / count;
  const level = alpha / Math.max(1, verdicts);
  const smallest = (sd: number) => {
    const found = smallestDetectable(count, { sd, alpha: level });
    if (!found.defined) throw new RangeError(found.reason);
    return found.effect;
  };
  const parts = REFERENCE_SPREAD.parts.map(({ part, within, between }): PlannedPart => {
    const sd = Math.sqrt(between + within / size);
    const bound = part === "tail" ? -TAIL_ALLOWANCE : margin;
    const parity = part === "tail" ? 0 : 1;
    const needed = parity > bound ? clustersNeeded(parity - bound, { sd, alpha: level }) : null;
    return {
      part,
      shown: bound + smallest(sd),
      clustersAtParity: needed?.defined ? Math.max(FEWEST_CLUSTERS, needed.clusters) : null,
    };
  });
  return { clusters: count, alpha: level, d: smallest(1), parts };
}
