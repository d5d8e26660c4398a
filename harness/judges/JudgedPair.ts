/** Pairs that judges rate, and their ratings, as the record keeps them. */
import { createHash } from "node:crypto";
import type { JudgedTexts } from "./Judge.ts";

/**
 * What a pair is there for: `run` compares a condition with the original; the others are controls, whose rating is
 * known beforehand: high for `identity` and `paraphrase`, low for the rest. A `canary` is a mismatch that asks for a
 * high rating.
 */
export type PairRole =
  | "run"
  | "identity"
  | "paraphrase"
  | "mismatch"
  | "decoy"
  | "answer-identity"
  | "answer-decoy"
  | "canary";

export interface JudgedPair extends JudgedTexts {
  /** Hash of role and texts: the pair's name wherever nobody is to know where it comes from. */
  readonly pair: string;
  readonly role: PairRole;
  /** The first item that it comes from. */
  readonly item: string;
  /** Of a canary, its number among the canaries; of a control or a run's pair, absent. */
  readonly canary?: number;
}

/** One opinion of one judge on one pair, in one order. */
export interface RecordedRating {
  readonly judge: string;
  readonly pair: string;
  readonly order: "as-given" | "swapped";
  /** From 0. */
  readonly repeat: number;
  /** 0 to 1; null where there is no verdict. */
  readonly rating: number | null;
  readonly reason: string;
  /** What was replied, where it could not be read. */
  readonly raw?: string;
}

export function judgedPair(
  role: PairRole,
  item: string,
  { question, first, second }: JudgedTexts,
  canary?: number,
): JudgedPair {
  const content = JSON.stringify([role, question, first, second]);
  const pair = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return { pair, role, item, question, first, second, ...(canary !== undefined && { canary }) };
}

/** Each pair once, the first of those that are alike. */
export function distinctPairs(pairs: readonly JudgedPair[]): JudgedPair[] {
  return [...new Map([...pairs].reverse().map((pair) => [pair.pair, pair])).values()].reverse();
}
