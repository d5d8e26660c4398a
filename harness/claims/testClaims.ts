/** Tests the claims of the seed systems: measures what can be measured, and gives each claim its verdict. */
import { SEED_CLAIMS, type SeedClaim } from "../../suites/seed-claims/claims.ts";
import type { ClaimContext, MeasuredClaims } from "./ClaimContext.ts";
import { type ClaimMeasured, type ClaimVerdict, judgeClaim } from "./judgeClaim.ts";
import { measurePooledCosine } from "./pooledCosine.ts";
import { measurePublishedCodebooks } from "./publishedCodebooks.ts";
import { measureRandomProjection } from "./randomProjection.ts";
import { measureSentenceProjection } from "./sentenceProjection.ts";
import { measureTokenCosts } from "./tokenCosts.ts";

const SEEDS = 1000;

export interface TestedClaim extends SeedClaim {
  readonly result: ClaimMeasured | null;
  readonly verdict: ClaimVerdict;
}

type Measure = (context: ClaimContext, seed: number) => MeasuredClaims | Promise<MeasuredClaims>;

/** What is measured together, by a name for people; the codebooks are trained first, which takes a minute. */
export const CLAIM_GROUPS: Readonly<Record<string, Measure>> = {
  "random projection": () => measureRandomProjection(SEEDS),
  tokens: measureTokenCosts,
  "sentence projection": measureSentenceProjection,
  "published codebooks": measurePublishedCodebooks,
  "pooled cosine": measurePooledCosine,
};

/**
 * @param measures the groups to measure; claims of others come out as untested
 */
export async function testClaims(
  context: ClaimContext,
  seed: number,
  measures: Readonly<Record<string, Measure>> = CLAIM_GROUPS,
): Promise<readonly TestedClaim[]> {
  const groups = Object.entries(measures);
  let measured: MeasuredClaims = {};
  for (const [i, [label, measure]] of groups.entries()) {
    context.signal?.throwIfAborted();
    context.progress(`claims: ${label}`, i, groups.length);
    measured = { ...measured, ...(await measure(context, seed)) };
  }
  context.progress("claims", groups.length, groups.length);
  return SEED_CLAIMS.map((claim) => {
    const result = measured[claim.id] ?? null;
    return { ...claim, result, verdict: judgeClaim(claim, result) };
  });
}
