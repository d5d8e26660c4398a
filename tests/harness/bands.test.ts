import fc from "fast-check";
import { expect, test } from "vitest";
import { type ConditionRecord, evaluate } from "../../harness/evaluate.ts";
import type { LayerMeasure, Measure } from "../../harness/Measure.ts";
import { needsStates } from "../../harness/Measure.ts";
import { bandStates, bandsOf } from "../../harness/Reading.ts";
import type { Value } from "../../harness/Value.ts";
import { condition, itemOf } from "./measures/readings.ts";

test("bands of a 30-block model: the state after block L stands at depth (L + 1)/30", () => {
  const bands = bandsOf(
    [
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 0.95],
    ],
    30,
  );
  expect(bands).toEqual([
    { name: "25-50%", from: 8, to: 15 },
    { name: "50-75%", from: 16, to: 22 },
    { name: "75-95%", from: 23, to: 28 },
  ]);
  expect(bandStates(bands)).toEqual(Array.from({ length: 21 }, (_, i) => i + 8));
  expect(
    bandStates(
      bandsOf(
        [
          [0.5, 1],
          [0.25, 0.75],
        ],
        4,
      ),
    ),
  ).toEqual([2, 3, 4]);
  expect(bandsOf([[0, 1]], 12)).toEqual([{ name: "0-100%", from: 1, to: 12 }]);
});

test("bands hold the depths above their lower share up to the upper one, at least one state, never the embedding", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 96 }),
      fc.integer({ min: 0, max: 99 }),
      fc.integer({ min: 1, max: 100 }),
      (layers, a, b) => {
        fc.pre(a < b);
        const [band] = bandsOf([[a / 100, b / 100]], layers);
        if (!band) throw new Error("no band");
        expect(band.from).toBeGreaterThanOrEqual(1);
        expect(band.to).toBeLessThanOrEqual(layers);
        expect(band.from).toBeLessThanOrEqual(band.to);
        // In whole numbers, so that the test does not round as the code does; the edges may fall either way.
        const inside = (state: number) => state * 100 > a * layers && state * 100 < b * layers;
        for (let state = 1; state <= layers; state++)
          if (inside(state)) expect(state >= band.from && state <= band.to).toBe(true);
        if (band.to > band.from) expect(band.to * 100).toBeLessThanOrEqual(b * layers);
      },
    ),
  );
});

test("neighbouring bands share no state and leave none out, where each has room for one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 96 }), fc.integer({ min: 10, max: 90 }), (layers, cut) => {
      const [low, high] = bandsOf(
        [
          [0, cut / 100],
          [cut / 100, 1],
        ],
        layers,
      );
      expect(high?.from).toBe((low?.to ?? Number.NaN) + 1);
      expect([low?.from, high?.to]).toEqual([1, layers]);
    }),
  );
});

const layered = (values: readonly Value[]): LayerMeasure => ({
  kind: "layers",
  name: "measure",
  definition: "",
  unit: "",
  range: [0, 1],
  better: "higher",
  reference: "",
  ...needsStates,
  at: (state) => values[state] as Value,
});
const number = (value: number): Value => ({ kind: "defined", value });

function evaluated(values: readonly Value[], measures: readonly Measure[] = [layered(values)]): ConditionRecord {
  const states = values.map(() => new Float32Array(1));
  return evaluate(
    measures,
    condition("c", { states, tokens: 7 }),
    itemOf([], { bands: [{ name: "band", from: 1, to: 2 }] }),
  );
}

test("a band is the mean over its states, and the curve has them all", () => {
  expect(evaluated([number(9), number(1), number(2), number(9)])).toEqual({
    tokens: 7,
    values: [{ measure: "measure", layer: "band", value: number(1.5) }],
    curves: { measure: [9, 1, 2, 9] },
  });
});

test("a state without a value makes its band undefined, and no other", () => {
  const gone: Value = { kind: "undefined", reason: "it is gone" };
  const bound: Value = { kind: "bounded", value: 3, bound: "lower" };
  expect(evaluated([gone, number(1), number(2), gone]).values[0]?.value).toEqual(number(1.5));
  expect(evaluated([number(0), number(1), gone]).values[0]?.value).toEqual(gone);
  expect(evaluated([number(0), bound, number(1)]).values[0]?.value).toEqual({
    kind: "undefined",
    reason: "of a state in the band only a bound is known",
  });
  expect(evaluated([gone, number(1), bound]).curves).toEqual({ measure: [null, 1, null] });
  expect(evaluated([number(1)]).values[0]?.value).toEqual({ kind: "undefined", reason: "the band holds no layer" });
});
