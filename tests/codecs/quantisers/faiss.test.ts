import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { heldOutFigures } from "../../../codecs/codebook/heldOutFigures.ts";
import { QUANTISER_KINDS } from "../../../codecs/quantisers/kinds.ts";
import { meanRow } from "../../../codecs/quantisers/matrix.ts";
import type { Quantiser } from "../../../codecs/quantisers/Quantiser.ts";
import { syntheticVectors } from "./syntheticVectors.ts";

/** Written by tests/oracles/faissQuantisers.py. */
const ORACLE = JSON.parse(readFileSync(new URL("fixtures/faiss.json", import.meta.url), "utf8")) as {
  readonly train: number;
  readonly heldOut: number;
  readonly width: number;
  readonly places: number;
  readonly entries: number;
  readonly firstVector: readonly number[];
  readonly cosines: Readonly<Record<"pq" | "opq" | "rq" | "lsq", number>>;
};
const { places, entries } = ORACLE;
const train = syntheticVectors(ORACLE.train, ORACLE.width);
const heldOut = syntheticVectors(ORACLE.heldOut, ORACLE.width, ORACLE.train);
const reached: Record<string, number> = {};
const trained: Record<string, Quantiser> = {};

beforeAll(async () => {
  for (const kind of ["scalar", "pq", "opq", "rq", "lsq"]) {
    const quantiser = await QUANTISER_KINDS[kind]?.train(train, { places, entries, seed: 1 });
    trained[kind] = quantiser as Quantiser;
    reached[kind] = (await heldOutFigures(quantiser as Quantiser, heldOut, meanRow(train))).centredCosine;
  }
});

test("the vectors are those that the oracle was trained on", () => {
  ORACLE.firstVector.forEach((value, i) => {
    expect(train.data[i]).toBeCloseTo(value, 5);
  });
});

test.for(["pq", "opq", "rq", "lsq"] as const)("%s decodes unseen vectors as well as faiss's, to 0.01", (kind) => {
  expect(reached[kind]).toBeGreaterThan(ORACLE.cosines[kind] - 0.01);
  // Much better would mean that something else is measured.
  expect(reached[kind]).toBeLessThan(ORACLE.cosines[kind] + 0.02);
});

test("the more a code may choose together, the better: constant < random < PQ < OPQ < RQ < LSQ", () => {
  const { scalar = 0, pq = 0, opq = 0, rq = 0, lsq = 0 } = reached;
  expect(0).toBeLessThan(scalar);
  expect(scalar).toBeLessThan(pq);
  expect(pq).toBeLessThan(opq);
  expect(opq).toBeLessThan(rq);
  expect(rq).toBeLessThan(lsq);
});

describe("a residual code's first places", () => {
  test("are a coarser code: each place helps", async () => {
    const quantiser = trained.rq as Quantiser;
    const codes = await quantiser.encode(heldOut);
    const errors = Array.from({ length: places + 1 }, (_, count) => {
      const decoded = quantiser.decode(codes, count).data;
      return decoded.reduce((sum, value, i) => sum + (value - (heldOut.data[i] as number)) ** 2, 0);
    });
    for (let count = 1; count <= places; count++) expect(errors[count]).toBeLessThan(errors[count - 1] as number);
  });
});
