/**
 * K(c) = (1/M) Σ_m Σ_t KL( P(·|x, y^m_<t) ‖ P(·|c, y^m_<t) ), over M continuations y^m ~ P(·|x) that the model
 * itself gives to the original x. By the chain rule its expectation is the divergence between the two
 * distributions over whole continuations (Cover & Thomas 2006, Theorem 2.5.3). In nats a continuation; 0 to
 * infinity; lower is closer.
 */
import { mean, sum } from "simple-statistics";
import { needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import type { ConditionReading } from "../Reading.ts";
import { defined, undefinedBecause, type Value } from "../Value.ts";

const NOT_READ = undefinedBecause("the condition was read without continuations");

function overContinuations(condition: ConditionReading, of: (kl: readonly number[]) => number): Value {
  if (condition.continuations.every(({ kl }) => kl.length === 0)) return NOT_READ;
  return defined(mean(condition.continuations.map(({ kl }) => of(kl))));
}

export const kl: ScalarMeasure = {
  kind: "scalar",
  name: "kl",
  definition: "divergence from the original's next-token distributions, summed along sampled continuations",
  unit: "nats a continuation",
  range: [0, Number.POSITIVE_INFINITY],
  better: "lower",
  reference: "Cover & Thomas 2006, section 2.5",
  ...needsPromptLogits,
  of: (condition) => overContinuations(condition, (values) => sum([...values])),
};

export const klPerToken: ScalarMeasure = {
  ...kl,
  name: "kl.per-token",
  definition: "kl divided by the continuations' tokens",
  unit: "nats a token",
  of: ({ continuations }) => {
    const values = continuations.flatMap((continuation) => [...continuation.kl]);
    return values.length === 0 ? NOT_READ : defined(mean(values));
  },
};

export const klFirst: ScalarMeasure = {
  ...kl,
  name: "kl.first",
  definition: "divergence of the distribution of the first token after the frame",
  unit: "nats",
  // The first distribution is the same in every continuation.
  of: (condition) => {
    const first = condition.continuations[0]?.kl[0];
    return first === undefined ? NOT_READ : defined(first);
  },
};
