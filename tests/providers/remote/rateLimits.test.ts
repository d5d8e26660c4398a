import { describe, expect, it } from "vitest";
import { readRateLimits } from "../../../providers/remote/rateLimits.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const read = (headers: Record<string, string>) => readRateLimits(new Headers(headers), NOW);

describe("what headers say of limits", () => {
  it("reads Retry-After in seconds, as a date, and in milliseconds", () => {
    expect(read({ "retry-after": "7" }).retryAfter).toBe(7000);
    expect(read({ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }).retryAfter).toBe(30_000);
    expect(read({ "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }).retryAfter).toBe(0);
    expect(read({ "retry-after": "7", "retry-after-ms": "250" }).retryAfter).toBe(250);
    expect(read({ "retry-after": "soon" }).retryAfter).toBeNull();
    expect(read({}).retryAfter).toBeNull();
  });

  it("reads budgets with durations, seconds and moments", () => {
    const reset = (value: string) =>
      read({ "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": value }).tokens?.reset;
    expect(reset("6m0s")).toBe(360_000);
    expect(reset("120ms")).toBe(120);
    expect(reset("1h2m3.5s")).toBe(3_723_500);
    expect(reset("2")).toBe(2000);
    expect(reset(String(NOW / 1000 + 9))).toBe(9000);
    expect(reset("later")).toBeUndefined();
    expect(read({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3" }).requests).toEqual({
      remaining: 0,
      reset: 3000,
    });
  });
});
