/**
 * Reads what a judge replied, strictly: one JSON object of the asked shape and nothing else; a code fence around it is
 * the only thing that is overlooked. A number somewhere in a sentence is no verdict.
 */
import type { z } from "zod";

const FENCE = /^```(?:json)?[ \t]*\n([\s\S]*?)\n?```$/;

export function readReply<T>(reply: string, shape: z.ZodType<T>): T | null {
  const trimmed = reply.trim();
  const body = FENCE.exec(trimmed)?.[1] ?? trimmed;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // No JSON, so no verdict: the caller keeps what was said.
    return null;
  }
  const checked = shape.safeParse(value);
  return checked.success ? checked.data : null;
}
