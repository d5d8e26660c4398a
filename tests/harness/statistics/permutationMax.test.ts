import fc from "fast-check";
import { expect, test } from "vitest";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";
import { permutationMax } from "../../../harness/statistics/permutationMax.ts";
import { signFlip } from "../../../harness/statistics/signFlip.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { extremeItems, numbersIn, split, wholeItems } from "./arbitraries.ts";
import { definite, expectNear } from "./near.ts";

const resampler = new ClusterResampler(1, 999);

test.each(oracle.maximum)(
  "adjusted p-values over all sign patterns are those of item-by-item arithmetic",
  (example) => {
    const result = definite(permutationMax(example.layers, example.clusters, resampler));
    expect(result).toMatchObject({ layer: example.layer, exact: true });
    expectNear(result.p, example.adjusted[example.layer] as number, 1e-12);
    for (const [i, p] of example.adjusted.entries()) expectNear(result.adjusted[i] as number, p, 1e-12);
  },
);

test("one layer has signFlip's p; copies of it change nothing; a layer is never below its own p", () => {
  fc.assert(
    fc.property(wholeItems, (items) => {
      const [values, clusters] = split(items);
      const { p } = definite(signFlip(values, clusters, resampler));
      expect(definite(permutationMax([values], clusters, resampler)).p).toBe(p);
      expect(definite(permutationMax([values, values], clusters, resampler)).adjusted).toEqual([p, p]);
      const more = definite(permutationMax([values, [...values].reverse()], clusters, resampler));
      expect(more.adjusted[0]).toBeGreaterThanOrEqual(p);
    }),
  );
});

test("no layers, no items, rows of different lengths", () => {
  expect(permutationMax([], [], resampler)).toMatchObject({ defined: false });
  expect(permutationMax([[]], [], resampler)).toMatchObject({ defined: false });
  expect(() => permutationMax([[1, 2], [1]], ["a", "b"], resampler)).toThrow("1 values but 2 cluster labels");
  expect(
    definite(
      permutationMax(
        [
          [0, 0],
          [0, 0],
        ],
        ["a", "b"],
        resampler,
      ),
    ).adjusted,
  ).toEqual([1, 1]);
});

test("any finite numbers give p-values from 2^-clusters to 1", () => {
  fc.assert(
    fc.property(extremeItems, (items) => {
      const [values, clusters] = split(items);
      const result = permutationMax([values, [...values].reverse()], clusters, resampler);
      for (const p of result.defined ? result.adjusted : []) expect(p >= 2 ** -6 && p <= 1).toBe(true);
      expect(numbersIn(result).every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
