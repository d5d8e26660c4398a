import type { SeedClaim } from "../../suites/seed-claims/claims.ts";
import type { MeanInterval } from "../codes/similarity.ts";

/** What was found out about a claim. */
export interface ClaimMeasured extends MeanInterval {
  /** Number of cases; 1 for a count. */
  readonly n: number;
  /** What a wrong code scores, and what a perfect one does. */
  readonly floor?: MeanInterval;
  readonly ceiling?: MeanInterval;
}

export type ClaimVerdict = "holds" | "does not hold" | "holds but says nothing (floor as high)" | "untested";

/**
 * Whether a claim is borne out: the measured interval reaches into the published range. Where the floor's does too, or
 * the floor is as good as what is measured, the figure is right and tells nothing about the code.
 */
export function judgeClaim(
  { published, better }: Pick<SeedClaim, "published" | "better">,
  measured: ClaimMeasured | null,
): ClaimVerdict {
  if (measured === null) return "untested";
  if (!reaches(measured, published)) return "does not hold";
  const { floor } = measured;
  if (floor === undefined || better === null) return "holds";
  const asGood = better === "higher" ? floor.value >= measured.value : floor.value <= measured.value;
  return asGood || reaches(floor, published) ? "holds but says nothing (floor as high)" : "holds";
}

/** Whether the interval and the range have a value in common. */
function reaches({ value, low, high }: MeanInterval, range: SeedClaim["published"]): boolean {
  const [from, to] = [low ?? value, high ?? value];
  return to >= (range.low ?? Number.NEGATIVE_INFINITY) && from <= (range.high ?? Number.POSITIVE_INFINITY);
}
