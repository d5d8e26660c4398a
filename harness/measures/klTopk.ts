/**
 * The least that KL(P ‖ Q) can be at the first token after the frame, when of both distributions, P after the original and
 * Q after the condition, only the k most likely tokens are known. Outcomes are put together as far as nobody can tell
 * them apart, which never increases a divergence (data-processing inequality, Cover & Thomas 2006, 2.8):
 *
 *   each token that both name; A, those that only P names; B, those that only Q names; the rest.
 *
 * Q(A) and P(B) are not told, but none of these tokens is more likely than the least likely one that is named, so
 * Q(A) ≤ |A| min q and P(B) ≤ |B| min p: of what that allows, the values that make the divergence smallest. A lower bound
 * of `kl.first`, never mixed with `kl`; no verdict rests on it. In nats; 0 to infinity; lower is closer. Tokens are the
 * same where their bytes are, or their text where a server tells no bytes; one whose text is a broken character counts
 * among the rest, since several of them look alike. Undefined where the server names no token.
 */
import type { NamedToken } from "../../providers/contract.ts";
import { conditionOf, needsTopTokens, type ScalarMeasure } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

/** Probability by token. */
function named(tokens: readonly NamedToken[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { text, bytes, logProb } of tokens) {
    if (bytes === null && text.includes("\uFFFD")) continue;
    const key = bytes === null ? JSON.stringify(text) : bytes.join();
    found.set(key, (found.get(key) ?? 0) + Math.exp(logProb));
  }
  return found;
}

const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);
/** Rounding of a server's log-probabilities may bring a sum to a little more than 1. */
const positive = (value: number) => Math.max(0, value);
const term = (p: number, q: number) => (p === 0 ? 0 : p * Math.log(p / q));
/** Nats; both with at least one token. */
function leastDivergence(p: ReadonlyMap<string, number>, q: ReadonlyMap<string, number>): number {
  let known = 0;
  let [restP, restQ] = [1, 1];
  const onlyP: number[] = [];
  for (const [token, ours] of p) {
    const theirs = q.get(token);
    restP -= ours;
    if (theirs === undefined) onlyP.push(ours);
    else {
      known += term(ours, theirs);
      restQ -= theirs;
    }
  }
  const onlyQ = [...q].filter(([token]) => !p.has(token)).map(([, theirs]) => theirs);
  const [massA, massB] = [total(onlyP), total(onlyQ)];
  [restP, restQ] = [positive(restP), positive(restQ - massB)];
  const mostA = Math.min(restQ, onlyP.length * Math.min(...q.values()));
  const mostB = Math.min(restP, onlyQ.length * Math.min(...p.values()));
  const least = (a: number, b: number) => term(massA, a) + term(b, massB) + term(restP - b, restQ - a);
  // Convex in a and b. Each, the other given, is best where it shares with the rest in proportion, or at its limit.
  const bestA = (b: number) => Math.min(mostA, share(restQ, massA, restP - b));
  const bestB = (a: number) => Math.min(mostB, share(restP, massB, restQ - a));
  const inside = massA + restP === 0 ? 0 : (restP * restQ - massA * massB) / (massA + restP);
  const free = positive(Math.min(mostA, restQ - inside));
  const candidates = [
    [mostA, bestB(mostA)],
    [bestA(mostB), mostB],
    [free, bestB(free)],
  ] as const;
  return known + Math.min(...candidates.map(([a, b]) => least(a, b)));
}

/** The part of `whole` that `one` gets beside `other`. */
const share = (whole: number, one: number, other: number) => (one === 0 ? 0 : (whole * one) / (one + other));

export const klTopk: ScalarMeasure = {
  kind: "scalar",
  name: "kl-topk",
  definition: "the least that the divergence at the first token can be, given the most likely tokens alone",
  unit: "nats",
  range: [0, Number.POSITIVE_INFINITY],
  better: "lower",
  reference: "Cover & Thomas 2006, 2.8 (data-processing inequality)",
  standsInFor: "kl",
  ...needsTopTokens,
  of: ({ nextTokens }, item) => {
    const [p, q] = [conditionOf(item, "original")?.nextTokens, nextTokens].map((tokens) => named(tokens ?? []));
    if (!p?.size || !q?.size) return undefinedBecause("the server named no token");
    const least = leastDivergence(p, q);
    // Infinite where what is left under the condition has no probability at all: rounded sums cannot show that.
    return Number.isFinite(least) ? defined(positive(least)) : undefinedBecause("the named tokens are all there are");
  },
};
