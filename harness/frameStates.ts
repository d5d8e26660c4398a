/**
 * Measures that look at all items at once: they need a condition's states under every item, so they are computed
 * when a frame has been read to its end. Each condition is centred by its own mean over the other clusters, which
 * takes away what the condition adds whatever the item (a language, a format) and leaves what it says.
 */
import { mean } from "simple-statistics";
import type { Item } from "../suites/Suite.ts";
import type { RecordedValue } from "./evaluate.ts";
import { type Band, bandStates, middleOf } from "./Reading.ts";
import { defined, undefinedBecause, type Value } from "./Value.ts";
import { squaredDistance } from "./vectors.ts";

/** Relative float32 noise of a state, read in one batch or another. */
const ROUNDING = 1e-5;

/** The gallery of an item holds at most so many states. */
const GALLERY = 50;

/**
 * States at the last token of `after`, for the state indices of bandStates(): [items][states][width] by condition;
 * null where the item lacks the condition.
 */
export type StatesByCondition = ReadonlyMap<string, readonly (readonly Float32Array[] | null)[]>;

/** Unit vectors of one state index, centred by the mean over other clusters; null where absent or without direction. */
function centred(
  states: readonly (readonly Float32Array[] | null)[],
  clusters: readonly string[],
  state: number,
): (Float64Array | null)[] {
  const width = states.find((entry) => entry !== null)?.[state]?.length ?? 0;
  const total = new Float64Array(width);
  const byCluster = new Map<string, { sum: Float64Array; count: number }>();
  let count = 0;
  states.forEach((entry, i) => {
    const vector = entry?.[state];
    if (!vector) return;
    const cluster = clusters[i] as string;
    const own = byCluster.get(cluster) ?? { sum: new Float64Array(width), count: 0 };
    byCluster.set(cluster, own);
    for (let k = 0; k < width; k++) {
      total[k] = (total[k] as number) + (vector[k] as number);
      own.sum[k] = (own.sum[k] as number) + (vector[k] as number);
    }
    own.count += 1;
    count += 1;
  });
  return states.map((entry, i) => {
    const vector = entry?.[state];
    const own = byCluster.get(clusters[i] as string);
    if (!vector || !own || own.count === count) return null;
    const out = new Float64Array(width);
    let [length, whole] = [0, 0];
    for (let k = 0; k < width; k++) {
      whole += (vector[k] as number) ** 2;
      const value = (vector[k] as number) - ((total[k] as number) - (own.sum[k] as number)) / (count - own.count);
      out[k] = value;
      length += value * value;
    }
    // An empty text is read alike under every item: what is left of its states is rounding, and has no direction.
    if (length <= ROUNDING ** 2 * whole) return null;
    return out.map((value) => value / Math.sqrt(length));
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Own item first, then others: those of the topic first, the nearest first. */
function galleries(
  items: readonly Item[],
  originals: readonly (readonly Float32Array[] | null)[],
  state: number,
): number[][] {
  return items.map((item, own) => {
    const home = originals[own]?.[state];
    const others = items
      .map((other, index) => ({ index, foreign: other.topic === item.topic ? 0 : 1, state: originals[index]?.[state] }))
      .filter(({ index }) => index !== own)
      .map((entry) => ({
        ...entry,
        distance: home && entry.state ? squaredDistance(home, entry.state) : Number.POSITIVE_INFINITY,
      }))
      .sort((a, b) => a.foreign - b.foreign || a.distance - b.distance)
      .map(({ index }) => index);
    return [own, ...others];
  });
}

/** Values by condition and item: [items] lists of recorded values. */
export function frameMeasures(
  items: readonly Item[],
  byCondition: StatesByCondition,
  bands: readonly Band[],
  wanted: ReadonlySet<string>,
): Map<string, RecordedValue[][]> {
  const indices = bandStates(bands);
  const clusters = items.map((item) => item.cluster);
  const originals = byCondition.get("original") ?? [];
  const decoys = byCondition.get("decoy") ?? items.map(() => null);
  const out = new Map([...byCondition.keys()].map((name) => [name, items.map(() => [] as RecordedValue[])]));
  for (const band of bands) {
    const place = (state: number) => indices.indexOf(state);
    const order = galleries(items, originals, place(middleOf(band)));
    const range = Array.from({ length: band.to - band.from + 1 }, (_, i) => place(band.from + i));
    const prepare = (states: readonly (readonly Float32Array[] | null)[]) =>
      range.map((state) => centred(states, clusters, state));
    const [home, rival] = [prepare(originals), prepare(decoys)];
    for (const [condition, states] of byCondition) {
      const own = prepare(states);
      items.forEach((_, i) => {
        const similarity = (other: (Float64Array | null)[][], j: number): number | null => {
          const cosines = own.map((layer, s) => {
            const [a, b] = [layer[i], other[s]?.[j]];
            return a && b ? dot(a, b) : null;
          });
          return cosines.every((value) => value !== null) ? mean(cosines as number[]) : null;
        };
        const list = out.get(condition)?.[i];
        if (states[i] === null || !list) return;
        const add = (measure: string, value: Value) => {
          if (wanted.has(measure)) list.push({ measure, layer: band.name, value });
        };
        const self = similarity(home, i);
        if (self === null) {
          const reason = "a centred state is missing: all items are of one cluster, or the states do not differ";
          for (const measure of FRAME_MEASURE_NAMES) add(measure, undefinedBecause(reason));
          return;
        }
        add("state.cosine.content", defined(self));
        const decoy = similarity(rival, i);
        const rest = (order[i] ?? []).slice(1, GALLERY - (decoy === null ? 0 : 1)).map((j) => similarity(home, j));
        const others = [decoy, ...rest].filter((value): value is number => value !== null);
        add("state.identification", defined(others.every((other) => self > other) ? 1 : 0));
        const topics = rest.filter((value): value is number => value !== null);
        add("state.identification.items", defined(topics.every((other) => self > other) ? 1 : 0));
        add(
          "state.identification.pair",
          decoy === null
            ? undefinedBecause("the item has no decoy")
            : defined(self === decoy ? 0.5 : self > decoy ? 1 : 0),
        );
      });
    }
  }
  return out;
}

const FRAME_MEASURE_NAMES = [
  "state.cosine.content",
  "state.identification",
  "state.identification.items",
  "state.identification.pair",
] as const;
