/**
 * Σ_j p_j log(p_j / q_j), with p_j and q_j the shares of the variance over items that the original's and the condition's
 * states have along the j-th leading eigenvector of the corpus' covariance, j ≤ r = min(16, n/10): whether a condition
 * spreads the items over the usual directions as the original does. It does not ask whether each item lies where it
 * should: a code that permutes the items scores 0. In nats; 0 to infinity; lower is closer; does not change when either
 * side is moved or scaled. At the band's middle state. Both spectra are estimates from n items, so even another sample
 * of originals would not score 0: descriptive, never gated. Undefined with fewer than 20 items, or where a condition has
 * no variance along an axis. Kullback & Leibler 1951.
 */
import { needsStates, type SetMeasure } from "../Measure.ts";

const ITEMS_PER_AXIS = 10;

/** [items] coordinates along a unit vector. */
function along(axis: Float32Array, states: readonly Float32Array[]): number[] {
  return states.map((state) => state.reduce((sum, value, i) => sum + value * (axis[i] as number), 0));
}

function variance(values: readonly number[], items: readonly number[]): number {
  // From the first value on, so that equal ones have no variance, not even by rounding.
  const shifted = items.map((i) => (values[i] as number) - (values[items[0] as number] as number));
  const mean = shifted.reduce((sum, value) => sum + value, 0) / items.length;
  return shifted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / items.length;
}

/** Each axis' share of the variance. */
function spectrum(coordinates: readonly (readonly number[])[], items: readonly number[]): number[] {
  const energies = coordinates.map((values) => variance(values, items));
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  return energies.map((energy) => energy / total);
}

export const stateSpectrumKl: SetMeasure = {
  kind: "set",
  descriptive: true,
  name: "state.spectrum-kl",
  definition:
    "divergence of the energy spectra along the corpus' leading eigenvectors, at the band's middle; n counts clusters",
  unit: "nats",
  range: [0, Number.POSITIVE_INFINITY],
  better: "lower",
  reference: "Kullback & Leibler 1951, Ann Math Statist 22(1):79",
  geometry: true,
  ...needsStates,
  undefinedReason: `two axes at least, each with ${ITEMS_PER_AXIS} items and some variance, make a spectrum`,
  over: (original, condition, axes) => {
    const used = axes.slice(0, Math.floor(original.length / ITEMS_PER_AXIS));
    const [one, other] = [original, condition].map((states) => used.map((axis) => along(axis, states)));
    return (items) => {
      if (used.length < 2 || !one || !other || items.length < 2) return null;
      const [p, q] = [spectrum(one, items), spectrum(other, items)];
      const value = p.reduce(
        (sum, share, j) => sum + (share === 0 ? 0 : share * Math.log(share / (q[j] as number))),
        0,
      );
      return Number.isFinite(value) ? Math.max(0, value) : null;
    };
  },
};
