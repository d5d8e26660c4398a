import type { GenerateRequest } from "../../providers/contract.ts";

let serial = 0;

/** Requests that were never made before in this process, so that nothing answers them twice. */
export function prompts(count: number): GenerateRequest[] {
  return Array.from({ length: count }, () => ({
    input: { messages: [{ role: "user" as const, content: `What is the capital of country ${serial++}?` }] },
    maxTokens: 16,
    temperature: 0,
  }));
}
