import fc from "fast-check";
import { expect, test } from "vitest";
import { klTopk } from "../../../harness/measures/klTopk.ts";
import { numberOf, type Value } from "../../../harness/Value.ts";
import type { NamedToken } from "../../../providers/contract.ts";
import { condition, itemOf } from "./readings.ts";

type Distribution = readonly number[];
const token = (text: string, p: number): NamedToken => ({ text, bytes: null, logProb: Math.log(p) });

function klOf(original: readonly NamedToken[] | null, own: readonly NamedToken[] | null): Value {
  const item = itemOf([condition("original", { nextTokens: original })]);
  return klTopk.of(condition("c", { nextTokens: own }), item);
}

/** The k most likely of a distribution, as a server names them. */
const top = (p: Distribution, k: number): NamedToken[] =>
  p
    .map((value, i) => token(`t${i}`, value))
    .sort((a, b) => b.logProb - a.logProb)
    .slice(0, k);

const divergence = (p: Distribution, q: Distribution) =>
  p.reduce((sum, value, i) => sum + (value === 0 ? 0 : value * Math.log(value / (q[i] as number))), 0);

const distribution = fc
  .array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: 12, maxLength: 12 })
  .map((logits) => {
    const weights = logits.map(Math.exp);
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  });

test("never above the divergence, at most by rounding; the divergence itself where all tokens are named", () => {
  fc.assert(
    fc.property(distribution, distribution, fc.integer({ min: 1, max: 12 }), (p, q, k) => {
      const least = numberOf(klOf(top(p, k), top(q, k)));
      const whole = divergence(p, q);
      if (least === null) return;
      expect(least).toBeLessThanOrEqual(whole + 1e-9);
      if (k === 12) expect(least).toBeCloseTo(whole, 9);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("the least of all distributions that name the same tokens: no random completion falls below it", () => {
  fc.assert(
    fc.property(distribution, distribution, fc.integer({ min: 2, max: 6 }), distribution, (p, q, k, spread) => {
      const least = numberOf(klOf(top(p, k), top(q, k))) as number;
      // What is not named, spread in another way that keeps it below the least likely token that is.
      const completed = (from: Distribution) => {
        const order = from.map((_, i) => i).sort((a, b) => (from[b] as number) - (from[a] as number));
        const kept = new Set(order.slice(0, k));
        const left = 1 - order.slice(0, k).reduce((sum, i) => sum + (from[i] as number), 0);
        const open = spread.reduce((sum, value, i) => sum + (kept.has(i) ? 0 : value), 0);
        const made = from.map((value, i) => (kept.has(i) ? value : ((spread[i] as number) / open) * left));
        const smallest = from[order[k - 1] as number] as number;
        return made.every((value, i) => kept.has(i) || value <= smallest) ? made : null;
      };
      const [one, other] = [completed(p), completed(q)];
      fc.pre(one !== null && other !== null);
      expect(least).toBeLessThanOrEqual(divergence(one as Distribution, other as Distribution) + 1e-9);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("tokens of which none is shared are far apart, not equal", () => {
  // Q gives " red" at most 0.01, of which P gives it 0.9.
  const p = [token(" red", 0.9), token(" green", 0.05)];
  const q = [token(" blue", 0.98), token(" white", 0.01)];
  const value = numberOf(klOf(p, q)) as number;
  expect(value).toBeGreaterThan(0.9 * Math.log(0.9 / 0.01) - 0.5);
  expect(klOf(p, p)).toEqual({ kind: "defined", value: 0 });
});

test("tokens are told apart by their bytes, and broken characters are not taken for one", () => {
  const broken = (bytes: readonly number[] | null, p: number): NamedToken => ({
    text: "\uFFFD",
    bytes,
    logProb: Math.log(p),
  });
  const apart = numberOf(klOf([broken([240], 0.9)], [broken([227], 0.9)])) as number;
  expect(apart).toBeGreaterThan(1);
  expect(klOf([broken([240], 0.9)], [broken([240], 0.9)])).toEqual({ kind: "defined", value: 0 });
  expect(klOf([broken(null, 0.9)], [broken(null, 0.9)])).toMatchObject({ kind: "undefined" });
});

test("nothing named: undefined, with the reason", () => {
  for (const [p, q] of [
    [null, [token("a", 1)]],
    [[token("a", 1)], null],
    [[], [token("a", 1)]],
  ] as const) {
    expect(klOf(p, q)).toEqual({ kind: "undefined", reason: "the server named no token" });
  }
});
