import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { evaluate } from "../../../harness/evaluate.ts";
import { MEASURES } from "../../../harness/measures.ts";
import type { Band } from "../../../harness/Reading.ts";
import { expectNear } from "../statistics/near.ts";
import { itemOf, type JsonReading, readingOf } from "./readings.ts";

interface Fixture {
  bands: Band[];
  items: {
    mean: number[][];
    conditions: Record<string, JsonReading>;
    expected: Record<
      string,
      {
        scalars: Record<string, number>;
        bands: Record<string, Record<string, number>>;
        curves: Record<string, number[]>;
      }
    >;
  }[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../../oracles/fixtures/measures.json", import.meta.url), "utf8"),
) as Fixture;
const TOLERANCE = 1e-9;

test.each(fixture.items.map((item, i) => ({ item, i })))(
  "item $i: all measures are what numpy makes of the reading",
  ({ item }) => {
    const readings = Object.values(item.conditions).map(readingOf);
    const whole = itemOf(readings, { mean: item.mean.map((state) => Float32Array.from(state)), bands: fixture.bands });
    for (const reading of readings) {
      const expected = item.expected[reading.name];
      if (!expected) throw new Error("the fixture expects nothing");
      const { values, curves, tokens } = evaluate(MEASURES, reading, whole);
      expect(tokens).toBe(reading.tokens);
      const scalars = values.filter(({ layer }) => layer === "");
      const known = scalars.filter(({ value }) => value.kind === "defined").map(({ measure }) => measure);
      expect(known.sort(), reading.name).toEqual(Object.keys(expected.scalars).sort());
      for (const { measure, layer, value } of values) {
        if (value.kind !== "defined") {
          expect(layer, `${measure}: every state of the fixture differs from every other`).toBe("");
          continue;
        }
        const wanted = layer === "" ? expected.scalars[measure] : expected.bands[measure]?.[layer];
        expectNear(value.value, wanted ?? Number.NaN, TOLERANCE, 1);
      }
      expect(values.filter(({ layer }) => layer !== "")).toHaveLength(3 * fixture.bands.length);
      for (const [measure, curve] of Object.entries(expected.curves)) {
        expect(curves[measure]).toHaveLength(curve.length);
        curve.forEach((value, state) => {
          expectNear(curves[measure]?.[state] ?? Number.NaN, value, TOLERANCE, 1);
        });
      }
    }
  },
);

test("no value is ever a bare NaN or an infinity", () => {
  for (const { conditions, mean } of fixture.items) {
    const readings = Object.values(conditions).map(readingOf);
    const whole = itemOf(readings, { mean: mean.map((state) => Float32Array.from(state)), bands: fixture.bands });
    for (const reading of readings) {
      for (const { value } of evaluate(MEASURES, reading, whole).values) {
        if (value.kind === "undefined") expect(value.reason.length).toBeGreaterThan(10);
        else expect(Number.isFinite(value.value)).toBe(true);
      }
    }
  }
});
