import { expect, test } from "vitest";
import { limitsOf, spendingOf } from "../../harness/commands/serverLimits.ts";

test("what is not said is not limited", () => {
  expect(limitsOf({})).toEqual({});
  expect(spendingOf({}, ["openai:m"])).toBeUndefined();
});

test("limits of speed", () => {
  expect(limitsOf({ concurrency: "2", requestsPerMinute: "60", tokensPerMinute: "1000" })).toEqual({
    concurrency: { start: 2, most: 2 },
    requestsPerMinute: 60,
    tokensPerMinute: 1000,
  });
  expect(() => limitsOf({ concurrency: "0" })).toThrow("from 1 on");
  expect(() => limitsOf({ tokensPerMinute: "many" })).toThrow("many");
});

test("a spending limit is shared by the servers that it counts", () => {
  const options = { spendingLimit: "5", prices: "0.15,0.6" };
  const prices = { input: 0.15, output: 0.6 };
  expect(spendingOf(options, ["openai:a", "smollm2-135m"])).toEqual({ limit: 5, prices });
  expect(spendingOf(options, ["openai:a", "openai:b"])).toEqual({ limit: 2.5, prices });
});

test.for([
  [{ spendingLimit: "5" }, ["openai:a"], "--spending-limit without --prices"],
  [{ prices: "1,2" }, ["openai:a"], "--prices without --spending-limit"],
  [{ spendingLimit: "5", prices: "1,2" }, ["openai:a", "hf-api:b"], "does not count what hf-api:b costs"],
  [{ spendingLimit: "0", prices: "1,2" }, ["openai:a"], "a number above 0"],
  [{ spendingLimit: "five", prices: "1,2" }, ["openai:a"], "a number above 0"],
  [{ spendingLimit: "5", prices: "1" }, ["openai:a"], "two numbers"],
  [{ spendingLimit: "5", prices: "1,-2" }, ["openai:a"], "two numbers"],
  [{ spendingLimit: "5", prices: "1,2,3" }, ["openai:a"], "two numbers"],
] as const)("%o for %o: %s", ([options, models, message]) => {
  expect(() => spendingOf(options, models)).toThrow(message);
});
