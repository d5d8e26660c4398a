import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { corpusGeometry } from "../../../harness/CorpusGeometry.ts";
import { evaluate } from "../../../harness/evaluate.ts";
import { MEASURES } from "../../../harness/measures.ts";
import { type Band, type ItemReading, middleOf } from "../../../harness/Reading.ts";
import { expectNear } from "../statistics/near.ts";
import { itemOf, type JsonReading, readingOf } from "./readings.ts";

interface Fixture {
  bands: Band[];
  /** States of a reference corpus, [sentences][layers + 1][width]. */
  corpus: number[][][];
  items: {
    mean: number[][];
    embeddingMean: number[];
    conditions: Record<string, JsonReading>;
    expected: Record<
      string,
      {
        scalars: Record<string, number>;
        bands: Record<string, Record<string, number>>;
        curves: Record<string, (number | null)[]>;
      }
    >;
  }[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../../oracles/fixtures/measures.json", import.meta.url), "utf8"),
) as Fixture;
const TOLERANCE = 1e-9;
/**
 * What is whitened passes through a Cholesky factor kept in float32; rows of attention are decimals that add up to 1
 * within their rounding.
 */
const ROUNDED = ["state.cosine.whitened", "attention.js"];

const geometry = new Map(
  fixture.bands
    .map(middleOf)
    .map((state) => [state, corpusGeometry(fixture.corpus.map((all) => Float32Array.from(all[state] ?? [])))] as const),
);

function wholeOf(item: Fixture["items"][number]): ItemReading {
  return itemOf(Object.values(item.conditions).map(readingOf), {
    mean: item.mean.map((state) => Float32Array.from(state)),
    geometry,
    embeddingMean: Float32Array.from(item.embeddingMean),
    bands: fixture.bands,
  });
}

test.each(fixture.items.map((item, i) => ({ item, i })))(
  "item $i: all measures are what numpy makes of the reading",
  ({ item }) => {
    const whole = wholeOf(item);
    for (const reading of whole.conditions.values()) {
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
        expectNear(value.value, wanted ?? Number.NaN, ROUNDED.includes(measure) ? 1e-5 : TOLERANCE, 1);
      }
      expect(values.filter(({ layer }) => layer !== "")).toHaveLength(6 * fixture.bands.length);
      for (const [measure, curve] of Object.entries(expected.curves)) {
        expect(curves[measure]).toHaveLength(curve.length);
        curve.forEach((value, state) => {
          const found = curves[measure]?.[state];
          // Attention begins with the first block.
          if (value === null) expect([state, found], measure).toEqual([0, null]);
          else expectNear(found ?? Number.NaN, value, ROUNDED.includes(measure) ? 1e-5 : TOLERANCE, 1);
        });
      }
    }
  },
);

test("no value is ever a bare NaN or an infinity", () => {
  for (const whole of fixture.items.map(wholeOf)) {
    for (const reading of whole.conditions.values()) {
      for (const { value } of evaluate(MEASURES, reading, whole).values) {
        if (value.kind === "undefined") expect(value.reason.length).toBeGreaterThan(10);
        else expect(Number.isFinite(value.value)).toBe(true);
      }
    }
  }
});
