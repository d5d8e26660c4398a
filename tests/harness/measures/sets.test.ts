/** CKA, neighbours and spectra over all items: values and jackknife errors against numpy and scikit-learn. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, test } from "vitest";
import { corpusGeometry } from "../../../harness/CorpusGeometry.ts";
import type { SetMeasure } from "../../../harness/Measure.ts";
import { stateCka } from "../../../harness/measures/stateCka.ts";
import { stateKnn } from "../../../harness/measures/stateKnn.ts";
import { stateSpectrumKl } from "../../../harness/measures/stateSpectrumKl.ts";
import { setMeasures } from "../../../harness/overAllItems.ts";
import { clusterMean } from "../../../harness/statistics/clusterMean.ts";
import { jackknife } from "../../../harness/statistics/jackknife.ts";
import { numberOf } from "../../../harness/Value.ts";
import { definite, expectNear } from "../statistics/near.ts";
import { anItem } from "./readings.ts";

type States = (number[] | null)[];

const { sets } = JSON.parse(readFileSync(new URL("../../oracles/fixtures/measures.json", import.meta.url), "utf8")) as {
  sets: {
    clusters: string[];
    corpus: number[][];
    states: Record<string, States>;
    expected: Record<string, Record<string, { value: number; se: number; clusters: number }>>;
  };
};
const MEASURES: readonly SetMeasure[] = [stateCka, stateKnn, stateSpectrumKl];
const BAND = [{ name: "one", from: 0, to: 0 }];
const vectors = (rows: readonly (readonly number[])[]) => rows.map((row) => Float32Array.from(row));
const geometry = new Map([[0, corpusGeometry(vectors(sets.corpus))]]);

function measured(clusters: readonly string[], states: Record<string, States>) {
  const items = clusters.map((cluster, i) => anItem(`i${i}`, { cluster }));
  const packed = new Map(
    Object.entries(states).map(([name, rows]) => [name, rows.map((row) => row && [Float32Array.from(row)])]),
  );
  return setMeasures(items, packed, BAND, geometry, MEASURES);
}

test("numpy's values and jackknife errors, one value a cluster", () => {
  const result = measured(sets.clusters, sets.states);
  for (const [condition, byMeasure] of Object.entries(sets.expected)) {
    for (const [measure, { value, se, clusters }] of Object.entries(byMeasure)) {
      const carried = (result.get(condition) ?? []).flatMap((list, i) =>
        list.filter((one) => one.measure === measure).map((one) => ({ ...one, cluster: sets.clusters[i] as string })),
      );
      expect(new Set(carried.map(({ cluster }) => cluster)).size, "each cluster once").toBe(carried.length);
      expect(carried).toHaveLength(clusters);
      const values = carried.map((one) => numberOf(one.value) as number);
      const estimate = definite(
        clusterMean(
          values,
          carried.map(({ cluster }) => cluster),
        ),
      );
      const close = measure === "state.spectrum-kl" ? 1e-6 : 1e-9;
      expectNear(estimate.mean, value, close, 1);
      expectNear(estimate.se, se, close, 1);
      if (condition !== "original") expect(estimate.df).toBeCloseTo(clusters - 1, 6);
    }
  }
  expect(sets.expected.original?.["state.cka"]?.value).toBe(1);
});

test("the interval is at most the delete-cluster jackknife's, which leans to the safe side, and nearly as wide", () => {
  const { clusters, states } = sets;
  const [one, other] = [vectors(states.original as number[][]), vectors(states.near as number[][])];
  const statistic = stateCka.over(one, other, []);
  const whole = definite(jackknife(clusters, statistic));
  const carried = (measured(clusters, states).get("near") ?? []).flatMap((list, i) =>
    list.filter(({ measure }) => measure === "state.cka").map(({ value }) => [numberOf(value) as number, clusters[i]]),
  ) as [number, string][];
  const own = definite(
    clusterMean(
      carried.map(([value]) => value),
      carried.map(([, cluster]) => cluster),
    ),
  );
  expectNear(own.mean, whole.value, 1e-12, 1);
  expect(own.se).toBeLessThanOrEqual(whole.se * (1 + 1e-12));
  expect(own.se).toBeGreaterThan(0.9 * whole.se);
});

const random = (seed: number) => {
  const generator = xoroshiro128plus(seed);
  // Near enough to normal, variance 1.
  return () => 2 * (uniformFloat64(generator) + uniformFloat64(generator) + uniformFloat64(generator) - 1.5);
};
const cloud = (seed: number, n: number, width: number) => {
  const next = random(seed);
  return Array.from({ length: n }, () => Float32Array.from({ length: width }, next));
};
const all = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("independent states", () => {
  test("CKA is about 0 even with far fewer items than dimensions", () => {
    const [n, width, draws] = [24, 300, 40];
    const values = Array.from({ length: draws }, (_, draw) => {
      return stateCka.over(cloud(2 * draw, n, width), cloud(2 * draw + 1, n, width), [])(all(n)) as number;
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / draws;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(values.some((value) => value < 0)).toBe(true);
  });

  test("neighbours agree as often as by chance", () => {
    const n = 60;
    const values = Array.from({ length: 10 }, (_, draw) => {
      return stateKnn.over(cloud(2 * draw, n, 5), cloud(2 * draw + 1, n, 5), [])(all(n)) as number;
    });
    expectNear(values.reduce((sum, value) => sum + value, 0) / 10, 10 / (n - 1), 0.15);
  });
});

describe("what does not matter", () => {
  const shift = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 4, maxLength: 4 });
  const base = cloud(7, 30, 4).map((state) => state.map((value) => Math.round(value * 16)));
  const other = cloud(8, 30, 4).map((state, i) => state.map((value, k) => Math.round(value * 4 + (base[i]?.[k] ?? 0))));
  const axes = [Float32Array.of(1, 0, 0, 0), Float32Array.of(0, 1, 0, 0), Float32Array.of(0, 0, 1, 0)];

  test.each(MEASURES)("$name: moved and scaled states", (measure) => {
    const before = measure.over(base, other, axes)(all(30)) as number;
    fc.assert(
      fc.property(shift, fc.constantFrom(0.25, 2, 16), (move, scale) => {
        const moved = other.map((state) => state.map((value, k) => value * scale + (move[k] as number)));
        expectNear(measure.over(base, moved, axes)(all(30)) as number, before, 1e-9, 1);
      }),
      { numRuns: 30 },
    );
  });

  test.each([stateCka, stateKnn])("$name: turned states, and which side is which", (measure) => {
    const before = measure.over(base, other, axes)(all(30)) as number;
    const turned = other.map(([p = 0, q = 0, r = 0, s = 0]) =>
      Float32Array.of(p + q + r + s, p - q + r - s, p + q - r - s, p - q - r + s),
    );
    expectNear(measure.over(base, turned, axes)(all(30)) as number, before, 1e-9, 1);
    expectNear(measure.over(other, base, axes)(all(30)) as number, before, 1e-9, 1);
  });

  test("equal states: CKA and neighbours are 1, the spectra diverge by 0", () => {
    expect(stateCka.over(base, base, axes)(all(30))).toBe(1);
    expect(stateKnn.over(base, base, axes)(all(30))).toBe(1);
    expect(stateSpectrumKl.over(base, base, axes)(all(30))).toBe(0);
  });
});

test("bounds, whatever the states: defined within them, or null", () => {
  const state = fc.array(fc.constantFrom(0, 1, -1, 0.1, 3e38, -3e38, 1e-45, Number.POSITIVE_INFINITY, Number.NaN), {
    minLength: 2,
    maxLength: 2,
  });
  const some = fc.array(fc.tuple(state, state), { maxLength: 26 });
  const axes = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
  fc.assert(
    fc.property(some, (pairs) => {
      const [one, other] = [vectors(pairs.map(([a]) => a)), vectors(pairs.map(([, b]) => b))];
      for (const measure of MEASURES) {
        const value = measure.over(one, other, axes)(all(pairs.length));
        if (value === null) continue;
        expect(Number.isFinite(value)).toBe(true);
        expect(value).toBeLessThanOrEqual(measure.range[1]);
        if (measure !== stateCka) expect(value).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 300 },
  );
});

describe("no value", () => {
  const reasons = (clusters: string[], states: Record<string, States>) =>
    (measured(clusters, states).get("c") ?? [])
      .flat()
      .map(({ value }) => (value.kind === "undefined" ? value.reason : 0));

  test.each([0, 1, 2, 3])("%i items", (n) => {
    const rows = all(n).map((i) => [i, i * i, 1]);
    const found = reasons(
      all(n).map((i) => `c${i}`),
      { original: rows, c: rows },
    );
    expect(found).toHaveLength(3 * n);
    for (const reason of found) expect(reason).toMatch(/four items|20 items|two axes/);
  });

  test("constant states, even where their mean is no float", () => {
    const rows = all(30).map((i) => [i, Math.sin(i), Math.cos(3 * i), 1, 2, 0, i % 5]);
    const flat = all(30).map(() => [0.1, 0.7, 1 / 3, 5, 6, 7, 8]);
    const found = reasons(
      all(30).map((i) => `c${i}`),
      { original: rows, c: flat },
    );
    expect(found).toHaveLength(90);
    for (const reason of found) expect(reason).toMatch(/states that differ|some variance/);
  });

  test("too few items once a cluster is left out: the reason names it", () => {
    const rows = all(20).map((i) => [i, Math.sin(i), Math.cos(3 * i), 0, 0, 0, 0]);
    const clusters = all(20).map((i) => (i < 2 ? "large" : `c${i}`));
    const items = clusters.map((cluster, i) => anItem(`i${i}`, { cluster }));
    const states = new Map(["original", "c"].map((name) => [name, rows.map((row) => [Float32Array.from(row)])]));
    const [first] = setMeasures(items, states, BAND, geometry, [stateKnn]).get("c")?.[0] ?? [];
    expect(first?.value).toEqual({
      kind: "undefined",
      reason: expect.stringMatching(/^without cluster large: 10 neigh/),
    });
  });

  test("one cluster has the number alone", () => {
    const rows = all(8).map((i) => [i, i * i, 1, 0, 0, 0, 0]);
    const values = measured(
      all(8).map(() => "only"),
      { original: rows, c: rows },
    ).get("c");
    const carried = (values ?? []).map((list) => list.filter(({ measure }) => measure === "state.cka"));
    expect(carried.map((list) => list.length)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    expect(carried[0]?.[0]?.value).toEqual({ kind: "defined", value: 1 });
  });
});
