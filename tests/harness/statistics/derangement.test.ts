import fc from "fast-check";
import { expect, test } from "vitest";
import { type DerangementItem, derangement } from "../../../harness/statistics/derangement.ts";

const stratumOf = (lengths: readonly number[], stratum = "s"): DerangementItem[] =>
  lengths.map((length, i) => ({ id: `${stratum}${i}`, stratum, length }));

/** Total difference of lengths of one draw. */
function cost(items: readonly DerangementItem[], draw: number, draws: number): number {
  const lengths = new Map(items.map((item) => [item.id, item.length]));
  return derangement(items, draws, 1).reduce(
    (total, { id, partners }) =>
      total + Math.abs((lengths.get(id) as number) - (lengths.get(partners[draw] as string) as number)),
    0,
  );
}

/** The least total difference of any derangement, by trying all. */
function leastCost(lengths: readonly number[], place = 0, used = new Set<number>()): number {
  if (place === lengths.length) return 0;
  let least = Infinity;
  for (const [partner, length] of lengths.entries()) {
    if (partner === place || used.has(partner)) continue;
    const rest = leastCost(lengths, place + 1, new Set([...used, partner]));
    least = Math.min(least, rest + Math.abs(length - (lengths[place] as number)));
  }
  return least;
}

const items = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(20)), { maxLength: 25 })
  .map((rows) => rows.map(([stratum, length], i) => ({ id: `i${i}`, stratum, length })));

test("each draw permutes each stratum without a fixed point; an item's partners differ while there are enough", () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 6 }), fc.integer(), (all, draws, seed) => {
      const results = derangement(all, draws, seed);
      expect(results.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      for (const [stratum, members = []] of Map.groupBy(all, (item) => item.stratum)) {
        const ids = members.map(({ id }) => id);
        const mine = results.filter((_, i) => all[i]?.stratum === stratum);
        for (const { id, partners, distinct, scope } of mine) {
          expect(partners).not.toContain(id);
          expect(new Set(partners).size).toBe(distinct);
          if (ids.length === 1) expect(scope).toBe(all.length === 1 ? "none" : "all");
          else expect([scope, partners.length, distinct]).toEqual(["stratum", draws, Math.min(draws, ids.length - 1)]);
        }
        if (ids.length === 1) continue;
        for (let draw = 0; draw < draws; draw++) {
          expect(mine.map(({ partners }) => partners[draw]).sort()).toEqual([...ids].sort());
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("with one draw no derangement has lengths nearer in total", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: 2, maxLength: 7 }), (lengths) => {
      expect(cost(stratumOf(lengths), 0, 1)).toBe(leastCost(lengths));
    }),
  );
});

test("lengths that fall into groups are not mixed", () => {
  const all = stratumOf([5, 90, 40, 5, 41, 91, 6, 42, 92]);
  expect(cost(all, 0, 2) + cost(all, 1, 2)).toBe(4 + 8 + 8);
});

test("the longest is no partner of the shortest in a long stratum", () => {
  const all = stratumOf(Array.from({ length: 60 }, (_, i) => i));
  const lengths = new Map(all.map(({ id, length }) => [id, length]));
  for (const { id, partners } of derangement(all, 4, 7)) {
    for (const partner of partners) {
      expect(Math.abs((lengths.get(id) as number) - (lengths.get(partner) as number))).toBeLessThanOrEqual(4);
    }
  }
});

test("a run longer than it must be uses its nearest shifts", () => {
  // Five items, two draws: the ring 0 2 4 3 1, both ways round.
  const all = stratumOf([0, 1, 2, 3, 4]);
  expect([cost(all, 0, 2), cost(all, 1, 2)]).toEqual([8, 8]);
  const gaps = derangement(all, 2, 1).flatMap(({ id, partners }) =>
    partners.map((partner) => Math.abs(Number(partner.slice(1)) - Number(id.slice(1)))),
  );
  expect(Math.max(...gaps)).toBe(2);
});

test("an item alone in its stratum gets the nearest of the whole set, marked", () => {
  const all = [...stratumOf([10, 20, 30, 40], "a"), ...stratumOf([28], "b")];
  expect(derangement(all, 2, 1)[4]).toEqual({ id: "b0", partners: ["a2", "a1"], distinct: 2, scope: "all" });
  expect(derangement(all, 5, 1)[4]).toMatchObject({ partners: ["a2", "a1", "a3", "a0", "a2"], distinct: 4 });
});

test("no items, one item, two items", () => {
  expect(derangement([], 3, 1)).toEqual([]);
  expect(derangement(stratumOf([4]), 3, 1)).toEqual([{ id: "s0", partners: [], distinct: 0, scope: "none" }]);
  expect(derangement(stratumOf([4, 9]), 2, 1)).toEqual([
    { id: "s0", partners: ["s1", "s1"], distinct: 1, scope: "stratum" },
    { id: "s1", partners: ["s0", "s0"], distinct: 1, scope: "stratum" },
  ]);
});

test("the seed decides between equal lengths, and nothing else does", () => {
  const all = stratumOf(Array.from({ length: 20 }, () => 7));
  expect(derangement(all, 2, 5)).toEqual(derangement(all, 2, 5));
  expect(derangement(all, 2, 5)).not.toEqual(derangement(all, 2, 6));
  expect(derangement([...all].reverse(), 2, 5).reverse()).toEqual(derangement(all, 2, 5));
  const more = [...all, ...stratumOf([7, 7, 7, 7], "other")];
  expect(derangement(more, 2, 5).slice(0, 20)).toEqual(derangement(all, 2, 5));
});

test("impossible arguments", () => {
  expect(() => derangement(stratumOf([1, 2]), 0, 1)).toThrow("draws must be a whole number from 1: 0");
  expect(() => derangement(stratumOf([1, 2]), 1, 0.5)).toThrow("the seed must be a whole number: 0.5");
  expect(() => derangement([...stratumOf([1]), ...stratumOf([2])], 1, 1)).toThrow('two items have the id "s0"');
  expect(() => derangement(stratumOf([1, -2]), 1, 1)).toThrow('the length of item "s1" is -2');
});
