/**
 * K̂(c) = (1/M) Σ_m Σ_t [ log P(y^m_t | x, y^m_<t) − log P(y^m_t | c, y^m_<t) ], over the same continuations
 * y^m ~ P(·|x) as `kl`: needs the log-probabilities of the sampled tokens alone, which more servers tell than whole
 * distributions. Its expectation is that of `kl` (Cover & Thomas 2006, 2.5; the estimator k1 of Schulman 2020, "Approximating
 * KL divergence"), its spread is larger, and a single value may be negative. In nats a continuation; lower is closer. Where
 * no token ids go in, what counts are the tokens of the continuation's text: its end is not among them. Undefined where
 * a condition is read without continuations, or a server's tokens run across the join.
 */
import { mean, sum } from "simple-statistics";
import { conditionOf, needsScores, type ScalarMeasure } from "../Measure.ts";
import { defined } from "../Value.ts";
import { scored } from "./scored.ts";

export const klSampled: ScalarMeasure = {
  kind: "scalar",
  name: "kl.sampled",
  definition:
    "log-likelihood that the original's sampled continuations lose: an estimate of kl from their tokens alone",
  unit: "nats a continuation",
  range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  better: "lower",
  reference: "Cover & Thomas 2006, section 2.5; Schulman 2020 (k1)",
  standsInFor: "kl",
  ...needsScores,
  of: ({ continued }, item) => {
    const original = conditionOf(item, "original")?.continued ?? [];
    const texts = continued.length > 0 ? continued.flatMap((one, m) => [original[m], one]) : [null];
    return scored(texts, "the condition or the original was read without continuations", (...logProbs) => {
      const totals = logProbs.map((tokens) => sum([...tokens]));
      return defined(mean(continued.map((_, m) => (totals[2 * m] as number) - (totals[2 * m + 1] as number))));
    });
  },
};
