import { expect, test } from "vitest";
import { normalQuantile } from "../../../harness/statistics/normalQuantile.ts";
import own from "./fixtures.json" with { type: "json" };
import { expectNear } from "./near.ts";

test.each(own.normal)("the quantile of $p has the digits of 40-digit arithmetic", ({ p, quantile }) => {
  expectNear(normalQuantile(p), quantile, p > 0.49 ? 1e-12 : 1e-15 * 3);
  if (p > 1e-3) expectNear(normalQuantile(1 - p), -quantile, 1e-12);
});

test("ends and errors", () => {
  expect([0, 0.5, 1].map((p) => normalQuantile(p))).toEqual([-Infinity, 0, Infinity]);
  expect(() => normalQuantile(-0.1)).toThrow("from 0 to 1, not -0.1");
  expect(() => normalQuantile(Number.NaN)).toThrow("not NaN");
});
