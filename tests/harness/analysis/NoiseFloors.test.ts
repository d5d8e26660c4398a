import { expect, test } from "vitest";
import { NoiseFloors } from "../../../harness/analysis/NoiseFloors.ts";
import type { NoiseDifference } from "../../../harness/noise.ts";
import type { RunRecord } from "../../../harness/RunRecord.ts";
import { DRAWS, planted } from "./plantedRecord.ts";

const FRAMES = ["one", "two", "three", "four"];

function withNoise(of: (frame: string, item: string, positions: string) => readonly NoiseDifference[]): RunRecord {
  const record = planted({
    seed: 1,
    items: 25,
    frames: FRAMES,
    positions: ["natural", "matched"],
    candidates: { good: DRAWS.good },
  });
  const read = new Set(["i0", "i8", "i16"]);
  const batches = record.batches.map((batch) => ({
    ...batch,
    noise: read.has(batch.item) ? of(batch.frame, batch.item, batch.positions) : null,
  }));
  return { ...record, batches };
}

const floors = (record: RunRecord, frame: string) => {
  const [model] = record.manifest.models;
  if (!model) throw new Error("no model");
  return new NoiseFloors(record, model, frame);
};

test("the arithmetic part is a bound, the Monte Carlo part falls with items and frames", () => {
  const record = withNoise((frame, item, positions) => [
    {
      measure: "kl",
      layer: "",
      difference: positions === "matched" ? 9 : frame === "two" && item === "i8" ? 0.03 : 0.01,
      // Root mean square of 1, 5 and 7: 5.
      monteCarlo: { i0: 1, i8: 5, i16: 7 }[item] as number,
    },
  ]);
  const one = floors(record, "one").of("kl");
  expect(one).toMatchObject({ arithmetic: 0.01, monteCarlo: expect.closeTo(5, 12) });
  expect(one?.ofItem).toBeCloseTo(0.01 + 1.96 * 5, 12);
  expect(one?.ofMean).toBeCloseTo(0.01 + (1.96 * 5) / 5, 12);
  const all = floors(record, "all").of("kl");
  expect(all).toMatchObject({ arithmetic: 0.03 });
  expect(all?.ofItem).toBeCloseTo(0.03 + (1.96 * 5) / 2, 12);
  expect(all?.ofMean).toBeCloseTo(0.03 + (1.96 * 5) / 2 / 5, 12);
  expect(floors(record, "one@matched").of("kl")?.arithmetic).toBe(9);
});

test("a record without Monte Carlo errors has the arithmetic part; what was not read again has none", () => {
  const record = withNoise(() => [{ measure: "kl", layer: "", difference: 0.5 }]);
  expect(floors(record, "all").of("kl")).toEqual({ arithmetic: 0.5, monteCarlo: null, ofItem: 0.5, ofMean: 0.5 });
  expect(floors(record, "all").of("state.identification", "50-75%")).toBeNull();
});
