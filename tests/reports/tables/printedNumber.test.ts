import { expect, test } from "vitest";
import { printedNumber } from "../../../reports/tables/printedNumber.ts";

/** Value, low, high and what is printed: two significant digits of the half-width, reckoned by hand. */
const CASES: [number, number, number, string, string, string][] = [
  [9.0640057, 8.1338, 9.9942, "9.06", "8.13", "9.99"], // half-width 0.93
  [12.6499, 11.25, 14.05, "12.6", "11.3", "14.1"], // 1.4
  [0.7208, 0.67461, 0.76702, "0.721", "0.675", "0.767"], // 0.046
  [-0.055, -0.088, -0.0225, "-0.055", "-0.088", "-0.022"], // 0.033
  [0.5, 0.4004, 0.5996, "0.50", "0.40", "0.60"], // 0.0996, which is 0.10 in two digits
  [5234.5, 5110, 5359, "5230", "5110", "5360"], // 124.5
  [0.99999, 0.99998, 1.00001, "1.000", "1.000", "1.000"], // four digits at most
  [0.004, -0.001, 0.009, "0.0040", "-0.0010", "0.0090"], // 0.005
  [-0.001, -0.9, 0.9, "0.00", "-0.90", "0.90"], // no negative zero
];

test.each(CASES)("%d [%d, %d] is printed as %s [%s, %s]", (value, low, high, ...printed) => {
  expect(Object.values(printedNumber({ value, low, high }))).toEqual(printed);
});

test.each([
  [40, "40"],
  [0, "0"],
  [1.17344, "1.17"],
  [-1234.6, "-1230"],
  [0.9999, "1.00"],
  [0.00012345, "0.000123"],
])("without an interval %d is printed as %s", (value, printed) => {
  expect(printedNumber({ value, low: null, high: null })).toEqual({ value: printed, low: null, high: null });
});
