import { expect } from "vitest";

/** Expects a relative error of at most `tolerance` (absolute below `scale`). */
export function expectNear(actual: number, expected: number, tolerance: number, scale = Number.MIN_VALUE): void {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), scale);
  expect(error, `${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** The value, where it is defined; fails the test with the reason else. */
export function definite<Value extends { readonly defined: boolean }>(value: Value): Extract<Value, { defined: true }> {
  if (!value.defined) throw new Error(`undefined: ${JSON.stringify(value)}`);
  return value as Extract<Value, { defined: true }>;
}
