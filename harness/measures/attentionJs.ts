/**
 * Jensen–Shannon divergence of where the tokens of `after` look under the condition and under the original, in bins
 * {first position, rest of `before`, context, each token of `after`}; mean over heads and tokens, per state: the state
 * after block L stands for block L's attention. Binned, since contexts of unlike length have no tokens to compare one by
 * one; the first position has a bin of its own because it draws attention whatever it says (Xiao et al. 2023, arXiv
 * 2309.17453). In nats; 0 to ln 2; symmetric; lower is closer. It says how much is taken from the context, not what:
 * for that see `attention.output`. Undefined for the embedding, which nothing attends. Lin 1991, IEEE Trans Inf Theory
 * 37(1):145–151.
 */
import { conditionOf, type LayerMeasure, needsAttention } from "../Measure.ts";
import { defined, undefinedBecause } from "../Value.ts";

/** Σ p log(p/m) over bins from `at` on, m the mean of both. */
function towardsMean(p: Float32Array, q: Float32Array, at: number, bins: number): number {
  let sum = 0;
  for (let i = at; i < at + bins; i++) {
    const [a, b] = [p[i] as number, q[i] as number];
    if (a > 0) sum += a * Math.log((2 * a) / (a + b));
    else if (Number.isNaN(a)) return a;
  }
  return sum;
}

export const attentionJs: LayerMeasure = {
  kind: "layers",
  name: "attention.js",
  definition: "Jensen–Shannon divergence of binned attention at the frame's last tokens, mean over heads and tokens",
  unit: "nats",
  range: [0, Math.LN2],
  better: "lower",
  reference: "Lin 1991, IEEE Trans Inf Theory 37(1):145",
  onRequest: "every condition is read once more, with its attention",
  extras: ["attention"],
  ...needsAttention,
  at: (state, condition, item) => {
    const [own, original] = [condition.attention, conditionOf(item, "original")?.attention];
    if (state === 0) return undefinedBecause("the embedding stands before the first attention");
    const [p, q] = [own?.weights[state - 1], original?.weights[state - 1]];
    if (!own || !p || !q) return undefinedBecause("no attention was observed");
    const rows = own.heads * own.tokens;
    const bins = p.length / rows;
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      sum += (towardsMean(p, q, row * bins, bins) + towardsMean(q, p, row * bins, bins)) / 2;
    }
    // Rows of attention add up to 1 within rounding only.
    return defined(Math.min(Math.LN2, Math.max(0, sum / rows)));
  },
};
