/**
 * Finds codes of an additive quantiser by iterated local search (Martinez 2016, section 3.3): some places of a code are
 * set by chance, then each place in turn is set to the best entry given the others (iterated conditional modes, Besag
 * 1986); the result is kept where it is better.
 */
import { halfSquares, matrix } from "./matrix.ts";
import { productBlocks, times, transposed } from "./products.ts";
import type { Matrix, Tensor } from "./Quantiser.ts";
import type { SeededRandom } from "./SeededRandom.ts";

/** Places set by chance, and turns through all places, a search (LSQ++ and faiss: 4 and 4). */
const PERTURBED = 4;
const TURNS = 4;

/** How entries act on each other. */
export interface Interactions {
  readonly places: number;
  readonly entries: number;
  /** All entries as columns [width, places · entries]. */
  readonly across: Matrix;
  readonly half: Float32Array;
  /** Inner products of entries of different places, [places · entries, places · entries]; zero within a place. */
  readonly products: Matrix;
}

export async function interactions({ shape, data }: Tensor): Promise<Interactions> {
  const [places, entries, width] = shape as [number, number, number];
  const all = matrix(places * entries, width, data);
  const across = transposed(all);
  const products = await times(all, across);
  for (let e = 0; e < all.rows; e++) {
    const from = e * all.rows + Math.floor(e / entries) * entries;
    products.data.fill(0, from, from + entries);
  }
  return { places, entries, across, half: halfSquares(all), products };
}

/** Improves `codes` [rows, places] in place. What is drawn for a vector is the same wherever it stands. */
export async function improveCodes(
  vectors: Matrix,
  codes: Uint16Array,
  tables: Interactions,
  searches: number,
  random: SeededRandom,
): Promise<void> {
  const { places, entries } = tables;
  const draws = Array.from({ length: searches }, () =>
    Array.from(random.sample(places, Math.min(PERTURBED, places)), (place) => ({
      place,
      index: random.below(entries),
    })),
  );
  const [best, tried] = [new Search(tables), new Search(tables)];
  for await (const { from, part } of productBlocks(vectors, tables.across)) {
    for (let r = 0; r < part.rows; r++) {
      const code = codes.subarray((from + r) * places, (from + r + 1) * places);
      best.start(code, part.data.subarray(r * part.width, (r + 1) * part.width));
      best.settle();
      for (const draw of draws) {
        tried.copy(best);
        for (const { place, index } of draw) tried.set(place, index);
        tried.settle();
        if (tried.energy < best.energy) best.copy(tried);
      }
      code.set(best.code);
    }
  }
}

/** A code under change, with what each entry of each place would cost beside the others: a change updates all of it. */
class Search {
  readonly code: Uint16Array;
  /** Half the squared distance to the vector, up to a constant. */
  energy = 0;
  private readonly tables: Interactions;
  private readonly costs: Float32Array;

  constructor(tables: Interactions) {
    this.tables = tables;
    this.code = new Uint16Array(tables.places);
    this.costs = new Float32Array(tables.places * tables.entries);
  }

  /** @param products of the vector with all entries. */
  start(code: Uint16Array, products: Float32Array): void {
    const { costs, tables } = this;
    const { entries, half } = tables;
    const { data, width } = tables.products;
    this.code.set(code);
    for (let e = 0; e < width; e++) costs[e] = (half[e] as number) - (products[e] as number);
    let energy = 0;
    for (let p = 0; p < code.length; p++) {
      const own = p * entries + (code[p] as number);
      energy += costs[own] as number;
      for (let e = 0, at = own * width; e < width; e++, at++) costs[e] = (costs[e] as number) + (data[at] as number);
    }
    this.energy = energy;
  }

  copy(other: Search): void {
    this.code.set(other.code);
    this.costs.set(other.costs);
    this.energy = other.energy;
  }

  set(place: number, index: number): void {
    const { code, costs } = this;
    const { entries, products } = this.tables;
    const { data, width } = products;
    const [now, next] = [place * entries + (code[place] as number), place * entries + index];
    if (now === next) return;
    this.energy += (costs[next] as number) - (costs[now] as number);
    code[place] = index;
    for (let e = 0, less = now * width, more = next * width; e < width; e++, less++, more++)
      costs[e] = (costs[e] as number) + ((data[more] as number) - (data[less] as number));
  }

  /** Iterated conditional modes, until a turn through all places changes nothing. */
  settle(): void {
    const { code, costs } = this;
    const { places, entries } = this.tables;
    for (let step = 0, same = 0; step < TURNS * places && same < places; step++) {
      const place = step % places;
      const from = place * entries;
      let best = from;
      for (let e = from + 1; e < from + entries; e++) if ((costs[e] as number) < (costs[best] as number)) best = e;
      same = best - from === code[place] ? same + 1 : 0;
      this.set(place, best - from);
    }
  }
}
