/** What sampling means wherever samples are drawn: which settings there are, and which random numbers a seed stands for. */
import { createHash } from "node:crypto";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { ExpectedError } from "../errors.ts";
import type { SampleRequest } from "./contract.ts";

/**
 * The generator of one sample of a prompt. Its first number is nearly the seed itself, so that neighbouring seeds
 * would all draw the same first token: hence the hash.
 */
export function sampleGenerator(seed: number, sample: number) {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, sample]))
    .digest();
  return xoroshiro128plus(digest.readInt32LE());
}

/** @throws ExpectedError `sample-setting`, with the rule. */
export function refuseSettings({ samples, maxTokens, temperature, topK, topP, stop = [] }: SampleRequest): void {
  const rules: readonly [string, unknown, boolean, string][] = [
    ["samples", samples, Number.isInteger(samples) && samples > 0, "a whole number from 1"],
    ["maxTokens", maxTokens, Number.isInteger(maxTokens) && maxTokens > 0, "a whole number from 1"],
    ["temperature", temperature, temperature >= 0 && Number.isFinite(temperature), "a number from 0"],
    ["topK", topK, topK === undefined || (Number.isInteger(topK) && topK > 0), "a whole number from 1"],
    ["topP", topP, topP === undefined || (topP > 0 && topP <= 1), "above 0, and 1 at most"],
    ["stop", JSON.stringify(stop), !stop.includes(""), "without an empty string, which every text holds"],
  ];
  for (const [name, value, holds, rule] of rules) {
    if (holds) continue;
    throw new ExpectedError({
      code: "sample-setting",
      message: `${name} is ${String(value)}`,
      hint: `${name} has to be ${rule}`,
    });
  }
}
