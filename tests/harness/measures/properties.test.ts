import fc from "fast-check";
import { expect, test } from "vitest";
import { overlap, overlapWords } from "../../../harness/measures/overlap.ts";
import { stateCosine } from "../../../harness/measures/stateCosine.ts";
import { stateExplained } from "../../../harness/measures/stateExplained.ts";
import { stateFact } from "../../../harness/measures/stateFact.ts";
import { numberOf } from "../../../harness/Value.ts";
import { cosine } from "../../../harness/vectors.ts";
import { words } from "../../../harness/words.ts";
import { expectNear } from "../statistics/near.ts";
import { condition, itemOf } from "./readings.ts";

const WIDTH = 4;
/** Whole numbers, so that sums and rotations by quarter turns are exact in float32. */
const state = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: WIDTH, maxLength: WIDTH });
const four = fc.tuple(state, state, state, state);

function measured([c, x, d, mu]: readonly number[][]) {
  const named = (name: string, values: readonly number[] = []) =>
    condition(name, { states: [Float32Array.from(values)] });
  const item = itemOf([named("original", x), named("decoy", d)], { mean: [Float32Array.from(mu ?? [])] });
  const at = (measure: typeof stateFact) => numberOf(measure.at(0, named("c", c), item));
  return { explained: at(stateExplained), cosine: at(stateCosine), fact: at(stateFact) };
}

function expectSame(a: ReturnType<typeof measured>, b: ReturnType<typeof measured>) {
  for (const key of ["explained", "cosine", "fact"] as const) {
    expect(a[key] === null, key).toBe(b[key] === null);
    if (a[key] !== null && b[key] !== null) expectNear(a[key], b[key], 1e-9, 1);
  }
}

test("state measures do not see where the space's origin, axes and unit are", () => {
  fc.assert(
    fc.property(four, state, fc.constantFrom(0.25, 2, 8), (vectors, shift, scale) => {
      const before = measured(vectors);
      expectSame(before, measured(vectors.map((v) => v.map((value) => value * scale))));
      expectSame(before, measured(vectors.map((v) => v.map((value, i) => value + (shift[i] as number)))));
      // A quarter turn in two planes at once.
      expectSame(before, measured(vectors.map(([p = 0, q = 0, r = 0, s = 0]) => [-q, p, s, -r])));
      // A Hadamard matrix: twice a rotation, and every axis is mixed with every other.
      expectSame(
        before,
        measured(
          vectors.map(([p = 0, q = 0, r = 0, s = 0]) => [p + q + r + s, p - q + r - s, p + q - r - s, p - q - r + s]),
        ),
      );
    }),
    { numRuns: 200 },
  );
});

test("bounds: explained at most 1, cosine from −1 to 1, and only the explained share sees length", () => {
  fc.assert(
    fc.property(four, ([c, x, d, mu]) => {
      const { explained, cosine: angle } = measured([c, x, d, mu]);
      if (explained !== null) expect(explained).toBeLessThanOrEqual(1);
      if (angle !== null) expect(Math.abs(angle)).toBeLessThanOrEqual(1);
      const stretched = c.map((value, i) => 2 * value - (mu[i] as number));
      const { explained: after, cosine: still } = measured([stretched, x, d, mu]);
      if (angle !== null && still !== null) expectNear(still, angle, 1e-9, 1);
      if (angle !== null && explained === 1) expect(after).toBeCloseTo(0, 12);
    }),
    { numRuns: 200 },
  );
});

test("state.fact is linear: a step along the axis, and nothing across it", () => {
  fc.assert(
    fc.property(four, fc.integer({ min: -4, max: 4 }), ([, x, d, mu], step) => {
      fc.pre(x.some((value, i) => value !== d[i]));
      const along = d.map((value, i) => value + step * ((x[i] as number) - value));
      expect(measured([along, x, d, mu]).fact).toBeCloseTo(2 * step - 1, 9);
      const [p, q] = [(x[0] as number) - (d[0] as number), (x[1] as number) - (d[1] as number)];
      const across = along.map((value, i) => value + (i === 0 ? -q : i === 1 ? p : 0));
      expect(measured([across, x, d, mu]).fact).toBeCloseTo(2 * step - 1, 9);
    }),
  );
});

test("a cosine stays within its bounds where rounding would leave them", () => {
  // Without care 1.0000000000000002.
  const one = Float32Array.of(0.1549241542816162, 0.06850126385688782, 0.9678489565849304);
  expect(cosine(one, Float32Array.of(0.46477246284484863, 0.20550379157066345, 2.9035468101501465))).toBe(1);
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 }),
      (values) => {
        const a = Float32Array.from(values);
        const same = cosine(a, a);
        if (values.some((value) => value !== 0)) expect(same).toBeCloseTo(1, 12);
        if (same !== null) expect(same).toBeLessThanOrEqual(1);
      },
    ),
  );
});

const sentence = fc
  .array(fc.constantFrom("ferry", "The", "the", "isn't", "3.5", "红", "and/or", "—", "well-known"), { maxLength: 8 })
  .map((list) => list.join(" "));

test("overlap is symmetric, 1 for the same words in any order, and counts a word as often as both have it", () => {
  fc.assert(
    fc.property(sentence, sentence, (a, b) => {
      expect(overlapWords(a, b)).toBe(overlapWords(b, a));
      expect(overlapWords(a, b)).toBeLessThanOrEqual(Math.min(words(a).length, words(b).length));
      expect(overlapWords(a, a.split(" ").reverse().join(" "))).toBe(words(a).length);
      const value = numberOf(overlap.of(condition("c", { text: b }), itemOf([condition("original", { text: a })])));
      if (value !== null) expect(value).toBeGreaterThanOrEqual(0);
      if (value !== null) expect(value).toBeLessThanOrEqual(1);
    }),
  );
  expect(overlapWords("the cat and the dog", "the the the")).toBe(2);
});
