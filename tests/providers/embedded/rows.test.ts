/** Rows as tensors: what sees what, what predicts what, and how rows share sequences. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Row } from "../../../providers/contract.ts";
import { batchFeeds, cutBatches, lastToken, layout, packRows, predictors } from "../../../providers/embedded/rows.ts";

/** Two branches of one context, one of them with a branch of its own; the empty segment counts as a link. */
const tree: Row = [
  { ids: [10, 11], parent: null },
  { ids: [20, 21], parent: 0 },
  { ids: [], parent: 0 },
  { ids: [30, 31], parent: 2 },
  { ids: [40], parent: 1, start: 9 },
];

/** For each token of `row`, the tokens that it may see, from the definition in contract.ts. */
function visibleTokens(row: Row): number[][] {
  const owners = row.flatMap(({ ids }, segment) => ids.map(() => segment));
  const lineage = (segment: number | null | undefined): number[] =>
    segment === null || segment === undefined ? [] : [segment, ...lineage(row[segment]?.parent)];
  return owners.map((owner, token) =>
    owners.flatMap((other, seen) => (seen <= token && lineage(owner).includes(other) ? [seen] : [])),
  );
}

describe("layout", () => {
  it("puts the segments of a tree one after another, each positioned after its parent", () => {
    const { ids, positions, starts } = layout(tree);
    expect(ids).toEqual([10, 11, 20, 21, 30, 31, 40]);
    expect(positions).toEqual([0, 1, 2, 3, 2, 3, 9]);
    expect(starts).toEqual([0, 2, 4, 4, 6, 7]);
  });

  it("refuses a segment before its parent", () => {
    expect(() => layout([{ ids: [1], parent: 0 }])).toThrow("before its parent");
  });

  it("knows last tokens and predictors", () => {
    const all = layout(tree);
    expect(tree.map((_, segment) => lastToken(all, segment))).toEqual([1, 3, 1, 5, 6]);
    expect([1, 2, 3, 4].map((segment) => predictors(all, tree, segment))).toEqual([[1, 2], [], [1, 4], [3]]);
    expect(() => predictors(all, tree, 0)).toThrow("follows nothing");
    expect(() => lastToken(layout([{ ids: [], parent: null }]), 0)).toThrow("no token before it");
  });
});

describe("batchFeeds", () => {
  const line: Row = [{ ids: [50, 51, 52], parent: null }];

  it("lets each token see its segment and ancestors up to itself, and nobody else", () => {
    const rows = [tree, line, line];
    const layouts = rows.map(layout);
    const packs = [
      { rows: [1, 0], offsets: [0, 3], length: 10 },
      { rows: [2], offsets: [0], length: 3 },
    ];
    const { ids, positions, mask } = batchFeeds(layouts, packs, { causal: true, sliding: null, rope: null });
    expect([ids.dims, positions.dims, mask.dims]).toEqual([
      [2, 10],
      [2, 10],
      [2, 1, 10, 10],
    ]);
    expect([...(ids.data as BigInt64Array)].map(Number)).toEqual([
      50, 51, 52, 10, 11, 20, 21, 30, 31, 40, 50, 51, 52, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect([...(positions.data as BigInt64Array)].map(Number)).toEqual([
      0, 1, 2, 0, 1, 2, 3, 2, 3, 9, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0,
    ]);
    packs.forEach((pack, sequence) => {
      const expected = Array.from({ length: 10 }, (_, token) => (token < pack.length ? [] : [token]) as number[]);
      pack.rows.forEach((row, i) => {
        const offset = pack.offsets[i] as number;
        visibleTokens(rows[row] as Row).forEach((seen, token) => {
          expected[offset + token] = seen.map((other) => offset + other);
        });
      });
      const actual = expected.map((_, query) =>
        Array.from({ length: 10 }, (_, key) => key).filter(
          (key) => mask.data[(sequence * 10 + query) * 10 + key] === 0,
        ),
      );
      expect(actual).toEqual(expected);
    });
    expect([...new Set(mask.data as Float32Array)].sort()).toEqual([0, Math.fround(-1e30)].sort());
  });
});

describe("packing", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 });

  it("holds each row once, whole, side by side, within the capacity or as long as the longest row", () => {
    const property = fc.property(lengths, fc.integer({ min: 1, max: 50 }), (all, capacity) => {
      const packs = packRows(all, capacity);
      expect(packs.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
      for (const { rows, offsets, length } of packs) {
        let end = 0;
        rows.forEach((row, i) => {
          expect(offsets[i]).toBe(end);
          end += all[row] as number;
        });
        expect(length).toBe(end);
        if (rows.length > 1)
          expect(length).toBeLessThanOrEqual(Math.max(capacity, ...rows.map((row) => all[row] as number)));
      }
    });
    fc.assert(property, { seed: 7, numRuns: 200 });
  });

  it("fills sequences: rows of one length leave none half empty", () => {
    expect(packRows([10, 10, 10, 10, 10], 20).map(({ length }) => length)).toEqual([20, 20, 10]);
  });

  it("cuts batches that hold each sequence once and stay within their tokens", () => {
    const property = fc.property(lengths, fc.integer({ min: 1, max: 300 }), (all, tokens) => {
      const packs = packRows(all, 20);
      const batches = cutBatches(packs, tokens);
      expect(new Set(batches.flat())).toEqual(new Set(packs));
      expect(batches.flat()).toHaveLength(packs.length);
      for (const batch of batches) {
        const padded = batch.length * Math.max(...batch.map(({ length }) => length));
        if (batch.length > 1) expect(padded).toBeLessThanOrEqual(tokens);
      }
    });
    fc.assert(property, { seed: 8, numRuns: 200 });
  });
});
