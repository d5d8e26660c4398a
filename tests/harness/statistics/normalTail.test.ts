import { expect, test } from "vitest";
import { normalQuantile } from "../../../harness/statistics/normalQuantile.ts";
import { normalUpperTail } from "../../../harness/statistics/normalTail.ts";
import oracle from "../../oracles/fixtures/statisticsInference.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(oracle.normalTails)("the tail beyond $z has the digits of 40-digit arithmetic", ({ z, tail }) => {
  expectNear(normalUpperTail(z), tail, 1e-12);
  expectNear(normalUpperTail(-z), 1 - tail, 1e-15);
});

test("it inverts the quantile; ends", () => {
  for (const p of [1e-10, 0.025, 0.3]) expectNear(normalUpperTail(-normalQuantile(p)), p, 1e-12);
  expect([-Infinity, 40, Infinity].map(normalUpperTail)).toEqual([1, 0, 0]);
  expect(() => normalUpperTail(Number.NaN)).toThrow("not a number");
});
