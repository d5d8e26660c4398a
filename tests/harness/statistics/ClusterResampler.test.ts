import { expect, test } from "vitest";
import { ClusterResampler } from "../../../harness/statistics/ClusterResampler.ts";

test("each draw takes as many clusters as there are, each equally often", () => {
  const draws = new ClusterResampler(3, 2000).draws(7);
  expect(draws).toHaveLength(14_000);
  const totals = new Array<number>(7).fill(0);
  for (let row = 0; row < 2000; row++) {
    const counts = draws.subarray(row * 7, row * 7 + 7);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(7);
    for (const [g, count] of counts.entries()) (totals[g] as number) += count;
  }
  // Binomial(14000, 1/7): standard deviation 41.4
  for (const total of totals) expect(Math.abs(total - 2000)).toBeLessThan(4 * 41.4);
});

test("few clusters are flipped in every way, many at random and evenly", () => {
  const resampler = new ClusterResampler(3, 999);
  const few = resampler.flips(9);
  expect(few).toMatchObject({ exact: true, count: 512 });
  const patterns = Array.from({ length: 512 }, (_, row) => few.signs.subarray(row * 9, row * 9 + 9).join());
  expect(new Set(patterns).size).toBe(512);
  const many = resampler.flips(10);
  expect(many).toMatchObject({ exact: false, count: 999 });
  expect(many.signs.every((sign) => Math.abs(sign) === 1)).toBe(true);
  // Sums of 999 signs: standard deviation 31.6; products of neighbours likewise.
  for (let g = 0; g < 10; g++) {
    let [sum, neighbours] = [0, 0];
    for (let row = 0; row < 999; row++) {
      const sign = many.signs[row * 10 + g] as number;
      sum += sign;
      neighbours += sign * (many.signs[row * 10 + ((g + 1) % 10)] as number);
    }
    expect(Math.abs(sum)).toBeLessThan(4 * 31.6);
    expect(Math.abs(neighbours)).toBeLessThan(4 * 31.6);
  }
});

test("resamples depend on seed and number of clusters, not on what was asked before", () => {
  const [one, other] = [new ClusterResampler(5, 50), new ClusterResampler(5, 50)];
  other.draws(12);
  other.flips(40);
  expect(one.draws(8)).toEqual(other.draws(8));
  expect(one.draws(8)).toBe(one.draws(8));
  expect(one.flips(8)).toBe(one.flips(8));
  expect(new ClusterResampler(6, 50).draws(8)).not.toEqual(one.draws(8));
  expect(new ClusterResampler(6, 50).flips(40)).not.toEqual(other.flips(40));
});

test("impossible arguments", () => {
  expect(() => new ClusterResampler(0.5)).toThrow("whole number: 0.5");
  expect(() => new ClusterResampler(1, 0)).toThrow("whole number from 1: 0");
  expect(() => new ClusterResampler(1).draws(0)).toThrow("from 1 to 65535: 0");
  expect(() => new ClusterResampler(1).flips(70_000)).toThrow("70000");
});
