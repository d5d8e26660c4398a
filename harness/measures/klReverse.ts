/**
 * The other direction, and both.
 *
 *   kl.reverse   (1/M) Σ_m Σ_t KL( P(·|c, y^m_<t) ‖ P(·|x, y^m_<t) ) over M continuations y^m ~ P(·|c) that the model
 *                itself gives to the condition
 *   j            kl + kl.reverse (Jeffreys 1946, Proc R Soc A 186:453–461)
 *
 * Forward kl does not see what a condition would say instead, only what it fails to say; the reverse sees just that, so
 * a code that adds content of its own is caught. In nats a continuation; 0 to infinity; lower is closer. Undefined
 * where a condition is read without continuations, under matched positions (what it says is sampled at natural ones),
 * or where a divergence is not finite.
 */
import { mean, sum } from "simple-statistics";
import { needsPromptLogits, type ScalarMeasure } from "../Measure.ts";
import { defined, numberOf, undefinedBecause } from "../Value.ts";
import { kl } from "./kl.ts";

export const klReverse: ScalarMeasure = {
  ...kl,
  name: "kl.reverse",
  definition: "divergence of the original's next-token distributions from the condition's, along what it says itself",
  onRequest: "every condition is sampled from and read along its own continuations: about three times the time",
  extras: ["reverse"],
  needs: (capabilities) => needsPromptLogits.needs(capabilities) && capabilities.generation,
  needed: "full logits of the prompt, and generation",
  of: ({ reverse }) => {
    if (reverse === null || reverse.every((values) => values.length === 0)) {
      return undefinedBecause("the condition was not read with continuations of its own");
    }
    return defined(mean(reverse.map((values) => sum([...values]))));
  },
};

export const jeffreys: ScalarMeasure = {
  ...klReverse,
  name: "j",
  definition: "divergence in both directions: kl + kl.reverse",
  reference: "Jeffreys 1946, Proc R Soc A 186:453",
  of: (condition, item) => {
    const [forward, backward] = [kl.of(condition, item), klReverse.of(condition, item)];
    if (forward.kind !== "defined") return forward;
    if (backward.kind !== "defined") return backward;
    return defined((numberOf(forward) as number) + (numberOf(backward) as number));
  },
};
