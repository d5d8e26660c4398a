/**
 * K(c) = (1/M) Σ_m Σ_t KL( P(·|x, y^m_<t) ‖ P(·|c, y^m_<t) ), over M continuations y^m ~ P(·|x) that the model
 * itself gives to the original x. By the chain rule its expectation is the divergence between the two
 * distributions over whole continuations (Cover & Thomas 2006, Theorem 2.5.3). In nats a continuation; 0 to
 * infinity; lower is closer.
 *
 * `kl.first`, `kl.4` and `kl.8` cut the sum after 1, 4 and 8 tokens: with `kl` they are the cumulative curve on a
 * doubling grid. `kl.copied` and `kl.other` are its parts at the continuation's tokens that occur in the original and
 * at those that do not; they add up to `kl`. Undefined where a condition is read without continuations, or where a
 * divergence is not finite.
 */
import { mean, sum } from "simple-statistics";
import { needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import type { ConditionReading, ContinuationReading } from "../Reading.ts";
import { defined, undefinedBecause, type Value } from "../Value.ts";

const NOT_READ = undefinedBecause("the condition was read without continuations");

function overContinuations(condition: ConditionReading, of: (one: ContinuationReading) => readonly number[]): Value {
  if (condition.continuations.every(({ kl }) => kl.length === 0)) return NOT_READ;
  return defined(mean(condition.continuations.map((one) => sum([...of(one)]))));
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
  of: (condition) => overContinuations(condition, ({ kl }) => kl),
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

const upTo = (tokens: number): ScalarMeasure => ({
  ...kl,
  name: `kl.${tokens}`,
  definition: `kl over the first ${tokens} tokens of each continuation`,
  of: (condition) => overContinuations(condition, ({ kl }) => kl.slice(0, tokens)),
});

/** Between kl.first and kl. */
export const klCumulative: readonly ScalarMeasure[] = [upTo(4), upTo(8)];

const part = (name: string, definition: string, copied: boolean): ScalarMeasure => ({
  ...kl,
  name,
  definition,
  descriptive: true,
  of: (condition) => overContinuations(condition, (one) => one.kl.filter((_, t) => one.copied[t] === copied)),
});

export const klParts: readonly ScalarMeasure[] = [
  part("kl.copied", "part of kl at tokens that occur in the original", true),
  part("kl.other", "part of kl at tokens that do not occur in the original", false),
];
