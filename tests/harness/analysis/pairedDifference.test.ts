import { expect, test } from "vitest";
import { pairedDifference } from "../../../harness/analysis/pairedDifference.ts";
import { pairedShares } from "../../../harness/analysis/pairedShares.ts";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";

const DRAWS = new ClusterResampler(1);
const VALUES = [0.3, -0.1, 0.8, 0.45, 0.2, -0.35, 0.9, 0.15, 0.5, 0.05, -0.2, 0.7];
const each = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

// scipy.stats.ttest_1samp(VALUES, 0): p 0.0319006783620, interval 0.0294262427990 to 0.5372404238676.
test("without a second test: the paired t interval and Cohen's d_z of scipy", () => {
  const found = pairedDifference(VALUES, each(12), null);
  expect(found).toMatchObject({ n: 12, clusters: 12, p: null, reason: "" });
  expect(found.difference).toBeCloseTo(0.28333333333333, 12);
  expect(found.low).toBeCloseTo(0.029426242798983815, 10);
  expect(found.high).toBeCloseTo(0.5372404238676827, 10);
  expect(found.d).toBeCloseTo(0.7090050578402178, 10);
  // J(11) = Γ(5.5) / (√5.5 Γ(5)), with Γ(5.5) = 52.34277778 (Abramowitz & Stegun 1964, 6.1.12) and Γ(5) = 24.
  expect((found.g as number) / (found.d as number)).toBeCloseTo(52.34277778 / (Math.sqrt(5.5) * 24), 8);
});

test("with it: never less than the t test's p-value, and an interval never narrower", () => {
  const found = pairedDifference(VALUES, each(12), DRAWS);
  expect(found.p).toBeGreaterThanOrEqual(0.03190067836202437 - 1e-12);
  expect(found.p).toBeLessThan(0.2);
  expect(found.low).toBeLessThanOrEqual(0.029426242798983815 + 1e-12);
  expect(found.high).toBeGreaterThanOrEqual(0.5372404238676827 - 1e-12);
});

test("the interval excludes 0 where p is below 0.05, whatever the data", () => {
  let [below, above] = [0, 0];
  for (let shift = -0.6; shift < 0.6; shift += 0.05) {
    const found = pairedDifference(
      VALUES.map((value) => value - 0.28 + shift),
      each(12),
      DRAWS,
    );
    const excludes = (found.low as number) > 0 || (found.high as number) < 0;
    expect(excludes).toBe((found.p as number) < 0.05);
    if (excludes) below++;
    else above++;
  }
  expect(Math.min(below, above)).toBeGreaterThan(3);
});

test("no difference, one difference for all, nothing, one cluster", () => {
  const zero = pairedDifference([0, 0, 0], each(3), DRAWS);
  expect(zero).toMatchObject({ difference: 0, low: 0, high: 0, d: null, p: 1, reason: "" });
  // The sign test of five clusters that all agree, two-sided: 2 / 2⁵.
  expect(pairedDifference([2, 2, 2, 2, 2], each(5), DRAWS)).toMatchObject({ difference: 2, p: 0.0625, d: null });
  expect(pairedDifference([], [], DRAWS)).toMatchObject({ n: 0, difference: null, p: null });
  const single = pairedDifference([1, 3], ["a", "a"], DRAWS);
  expect(single).toMatchObject({ n: 2, clusters: 1, difference: 2, low: null, p: null });
  expect(single.reason).toContain("at least 2 clusters");
});

test("shares: McNemar and Tango where clusters are items, the cluster test where they are not", () => {
  // Bentur et al. 2009 in Fagerland, Lydersen & Laake 2013 (airway hyper-responsiveness): n = 21, b = 1, c = 7.
  const first = Array.from({ length: 21 }, (_, i) => (i === 0 || i > 8 ? 1 : 0));
  const second = Array.from({ length: 21 }, (_, i) => (i > 0 && i < 8 ? 1 : i > 8 ? 1 : 0));
  const found = pairedShares(first, second, each(21));
  expect(found.difference).toBeCloseTo(-6 / 21, 12);
  expect(found.p).toBeCloseTo(0.039, 3);
  // Tango's interval, by scipy on the likelihood restricted to each difference.
  expect(found.low as number).toBeLessThanOrEqual(-0.5172);
  expect(found.high as number).toBeGreaterThanOrEqual(-0.0261);
  expect(found.low as number).toBeGreaterThan(-0.6);
  const doubled = pairedShares([...first, ...first], [...second, ...second], [...each(21), ...each(21)]);
  expect(doubled.clusters).toBe(21);
  // Twice the same items are no second look: the cluster test keeps p where the first sample had it.
  expect(doubled.p).toBeGreaterThan(0.02);
});
