import { expect, test } from "vitest";
import { nonCentralUpperTail } from "../../../harness/statistics/nonCentralT.ts";
import { studentUpperTail } from "../../../harness/statistics/studentT.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(oracle.noncentral)("P(T > $t), df = $df, δ = $noncentrality", ({ df, t, noncentrality, tail }) => {
  expect(Math.abs(nonCentralUpperTail(t, df, noncentrality) - tail)).toBeLessThan(1e-11);
});

test("without noncentrality it is Student's t, and P(T > 0) = Φ(δ)", () => {
  for (const [t, df] of [
    [0.3, 1],
    [2, 4.5],
    [-3, 39],
    [12, 2],
  ] as const) {
    expect(Math.abs(nonCentralUpperTail(t, df, 0) - studentUpperTail(t, df))).toBeLessThan(1e-12);
  }
  expectNear(nonCentralUpperTail(0, 7, 1.959963984540054), 0.975, 1e-12);
});

test("the sides mirror, and it stays quick and finite at its limits", () => {
  expectNear(nonCentralUpperTail(1.3, 9, 2) + nonCentralUpperTail(-1.3, 9, -2), 1, 1e-12);
  expect(nonCentralUpperTail(1000, 39, -1000)).toBeLessThan(1e-12);
  expectNear(nonCentralUpperTail(-1000, 39, 1000), 1, 1e-12);
  expect(() => nonCentralUpperTail(1001, 39, 0)).toThrow("t must lie between −1000 and 1000, not at 1001");
  expect(() => nonCentralUpperTail(1, 39, Number.NaN)).toThrow("noncentrality must");
  expect(() => nonCentralUpperTail(1, 0.5, 0)).toThrow("from 1 to 1e9, not 0.5");
});
