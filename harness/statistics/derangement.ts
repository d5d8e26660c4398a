/**
 * Partners for floors: for each item `draws` other items of its stratum and of near length.
 *
 * For each draw the map from item to partner is a derangement of the stratum (a permutation without fixed points),
 * so that a floor uses every item as often as the condition it is compared with.
 *
 * A cyclic shift over a whole stratum sorted by length would give the longest items the shortest. Instead the sorted
 * stratum is cut into runs of draws + 1 to 2·draws + 1 neighbours, at the places where the total difference of
 * lengths is least (dynamic programming over the cuts), and each run is shifted within itself. For the shift the run
 * is laid out as a ring, up over its even places and down over its odd ones: neighbours on the ring are at most two
 * places apart in length. The `draws` shifts of least total difference are used, each once, so an item's partners
 * all differ. With one draw, runs of two and three: the least total difference that any derangement of the stratum
 * has, because on a line a cycle of four or more can always be split into pairs and triples at no greater cost.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

export interface DerangementItem {
  readonly id: string;
  readonly stratum: string;
  /** Tokens, a whole number from 0. */
  readonly length: number;
}

export interface Partners {
  readonly id: string;
  /** Ids, one for each draw; empty where `scope` is `none`. */
  readonly partners: readonly string[];
  /** How many of them differ: fewer than the draws where the stratum has no more; its shifts then repeat in turn. */
  readonly distinct: number;
  /**
   * Where they come from. `all`: the item is alone in its stratum and gets the nearest in length of the whole set,
   * each of which also serves another item. `none`: there is no other item.
   */
  readonly scope: "stratum" | "all" | "none";
}

/**
 * One result for each item, in order. Depends on the items but not on their order; `seed` (a whole number) decides
 * between items of equal length. Strata do not affect one another.
 * Throws RangeError for a repeated id, a length that is no whole number from 0, draws < 1 or a seed that is no whole
 * number.
 */
export function derangement(items: readonly DerangementItem[], draws: number, seed: number): Partners[] {
  check(items, draws, seed);
  const strata = Map.groupBy(items, (item) => item.stratum);
  const found = new Map<string, Partners>();
  for (const members of strata.values()) {
    const [only] = members;
    const results =
      only !== undefined && members.length === 1
        ? [nearest(only, items, draws, seed)]
        : withinStratum(sortByLength(members, seed), draws);
    for (const result of results) found.set(result.id, result);
  }
  return items.map((item) => found.get(item.id) as Partners);
}

function check(items: readonly DerangementItem[], draws: number, seed: number): void {
  if (!Number.isSafeInteger(draws) || draws < 1) throw new RangeError(`draws must be a whole number from 1: ${draws}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be a whole number: ${seed}`);
  const ids = new Set<string>();
  for (const { id, length } of items) {
    if (ids.has(id)) throw new RangeError(`two items have the id ${JSON.stringify(id)}`);
    ids.add(id);
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(`the length of item ${JSON.stringify(id)} is ${length}`);
    }
  }
}

/** Shuffled from the order of ids, so that the order given has no influence; then stably sorted. */
function sortByLength(items: readonly DerangementItem[], seed: number): DerangementItem[] {
  const generator = xoroshiro128plus(seed);
  const shuffled = [...items].sort((one, other) => (one.id < other.id ? -1 : 1));
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = uniformInt(generator, 0, last);
    const swapped = shuffled[last] as DerangementItem;
    shuffled[last] = shuffled[chosen] as DerangementItem;
    shuffled[chosen] = swapped;
  }
  return shuffled.sort((one, other) => one.length - other.length);
}

function nearest(item: DerangementItem, items: readonly DerangementItem[], draws: number, seed: number): Partners {
  const others = sortByLength(items, seed).filter((other) => other.id !== item.id);
  if (others.length === 0) return { id: item.id, partners: [], distinct: 0, scope: "none" };
  const distance = (other: DerangementItem): number => Math.abs(other.length - item.length);
  others.sort((one, other) => distance(one) - distance(other));
  const partners = Array.from({ length: draws }, (_, draw) => (others[draw % others.length] as DerangementItem).id);
  return { id: item.id, partners, distinct: Math.min(draws, others.length), scope: "all" };
}

/** sorted: a stratum of at least two items, by length. */
function withinStratum(sorted: readonly DerangementItem[], draws: number): Partners[] {
  // A stratum too small for that many different partners is one run, of which every shift is used.
  const different = Math.min(draws, sorted.length - 1);
  const runs = bestRuns(sorted, different);
  return runs.flatMap(({ ring, shifts }) =>
    ring.map((item, place) => ({
      id: item.id,
      partners: Array.from({ length: draws }, (_, draw) => {
        const shift = shifts[draw % different] as number;
        return (ring[(place + shift) % ring.length] as DerangementItem).id;
      }),
      distinct: different,
      scope: "stratum" as const,
    })),
  );
}

interface Run {
  readonly ring: readonly DerangementItem[];
  readonly shifts: readonly number[];
  /** Total difference of lengths over items and shifts. */
  readonly cost: number;
}

/** The cuts of least cost. best[end]: the cost of the first `end` items, and the run that ends there. */
function bestRuns(sorted: readonly DerangementItem[], different: number): Run[] {
  const best: ({ cost: number; run: Run | null } | undefined)[] = [{ cost: 0, run: null }];
  for (let end = different + 1; end <= sorted.length; end++) {
    for (let size = different + 1; size <= Math.min(2 * different + 1, end); size++) {
      const before = best[end - size];
      if (before === undefined) continue;
      const run = makeRun(sorted.slice(end - size, end), different);
      const cost = before.cost + run.cost;
      const known = best[end];
      if (known === undefined || cost < known.cost) best[end] = { cost, run };
    }
  }
  const runs: Run[] = [];
  for (let end = sorted.length; end > 0; ) {
    const { run } = best[end] as { run: Run };
    runs.push(run);
    end -= run.ring.length;
  }
  return runs;
}

function makeRun(items: readonly DerangementItem[], different: number): Run {
  const ring = [
    ...items.filter((_, place) => place % 2 === 0),
    ...items.filter((_, place) => place % 2 === 1).reverse(),
  ];
  const costOf = (shift: number): number =>
    ring.reduce((total, item, place) => {
      const partner = ring[(place + shift) % ring.length] as DerangementItem;
      return total + Math.abs(item.length - partner.length);
    }, 0);
  const shifts = Array.from({ length: ring.length - 1 }, (_, index) => ({ shift: index + 1, cost: costOf(index + 1) }))
    .sort((one, other) => one.cost - other.cost)
    .slice(0, different);
  return { ring, shifts: shifts.map(({ shift }) => shift), cost: shifts.reduce((total, { cost }) => total + cost, 0) };
}
