/**
 * Mutual k-nearest-neighbour alignment (Huh et al. 2024, arXiv 2405.07987, section 2 and appendix A): the share of an
 * item's k = 10 nearest items under the original that are among its k nearest under the condition, averaged over items.
 * Near is a high cosine of states from which their mean over the items was taken (the paper: raw features of unit
 * length). 0 to 1; k / (n − 1) by chance, so read it beside its floor and not across suites of unlike size; higher is
 * closer; does not change when either side is rotated, moved or scaled. At the band's middle state; ties go to the
 * earlier item. Descriptive: never gated. Undefined with fewer than 2 k items, or where a state equals the mean.
 */
import { needsStates, type SetMeasure } from "../Measure.ts";
import { gram } from "../vectors.ts";

const NEIGHBOURS = 10;

/** For each item all others, the nearest first; null where a state has no direction. */
function neighbours(states: readonly Float32Array[]): number[][] | null {
  const products = gram(states);
  const lengths = products.map((row, i) => Math.sqrt(row[i] as number));
  if (!lengths.every((length) => length > 0 && Number.isFinite(length))) return null;
  return products.map((row, i) => {
    const near = (j: number) => (row[j] as number) / (lengths[j] as number);
    return [...row.keys()].filter((j) => j !== i).sort((a, b) => near(b) - near(a) || a - b);
  });
}

export const stateKnn: SetMeasure = {
  kind: "set",
  descriptive: true,
  name: "state.knn",
  definition: `share of the ${NEIGHBOURS} nearest items under the original that are so under the condition, at the band's middle; n counts clusters`,
  unit: "share",
  range: [0, 1],
  better: "higher",
  reference: "Huh et al. 2024, arXiv 2405.07987",
  ...needsStates,
  undefinedReason: `${NEIGHBOURS} neighbours need ${2 * NEIGHBOURS} items at least, and states that differ`,
  over: (original, condition) => {
    const [one, other] = [neighbours(original), neighbours(condition)];
    return (items) => {
      if (one === null || other === null || items.length < 2 * NEIGHBOURS) return null;
      const kept = new Set(items);
      const nearest = (list: readonly number[] = []) => {
        const found = new Set<number>();
        for (const j of list) {
          if (found.size === NEIGHBOURS) break;
          if (kept.has(j)) found.add(j);
        }
        return found;
      };
      let shared = 0;
      for (const i of items) {
        const own = nearest(one[i]);
        for (const j of nearest(other[i])) if (own.has(j)) shared += 1;
      }
      return shared / (items.length * NEIGHBOURS);
    };
  },
};
