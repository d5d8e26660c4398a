import type { Scored } from "../../providers/contract.ts";

/** The numbers of a text that was scored. */
export function logProbs(scored: Scored | null | undefined): readonly number[] {
  if (!scored || "unscored" in scored) throw new Error(`not scored: ${JSON.stringify(scored)}`);
  return scored;
}
