/** An item to be read under its conditions in a frame, and with what each condition is read. */
import type { Item } from "../suites/Suite.ts";
import type { Role } from "./conditions.ts";
import type { FrameReader } from "./FrameReader.ts";
import type { Extra } from "./Reading.ts";

export type Positions = "natural" | "matched";

export interface ConditionText {
  readonly name: string;
  readonly role: Role;
  readonly text: string;
}

export interface ItemRequest {
  readonly item: Item;
  readonly frame: FrameReader;
  readonly positions: Positions;
  /** The original first. */
  readonly conditions: readonly ConditionText[];
  /** What the model said after the original. */
  readonly continuations: readonly (readonly number[])[];
  /** How many of them the floors and foils are read with. */
  readonly controls: number;
  /** What is observed beyond what always is; nothing where not given. */
  readonly extras?: ReadonlySet<Extra>;
  /**
   * `count` continuations of each of these conditions, for `reverse`: token ids [conditions][count][tokens]. They are
   * given at natural positions, so nothing is asked of it under matched ones.
   */
  readonly sampleFrom?: (conditions: readonly ConditionText[], counts: readonly number[]) => Promise<number[][][]>;
}

/** Which parts of the reading a condition takes part in; what no verdict or table needs is not computed. */
export function partsOf({ role, name }: ConditionText): {
  continuations: "all" | "controls" | "none";
  fact: boolean;
  reconstruction: boolean;
} {
  const full = role === "reference" || role === "candidate" || role === "ceiling";
  return {
    continuations: full ? "all" : role === "control" ? "none" : "controls",
    fact: role !== "floor" || name === "filler",
    reconstruction: role === "candidate" || role === "ceiling" || name === "filler",
  };
}

/** How many of the item's continuations a condition is read with. */
export function continuationsOf(condition: ConditionText, { continuations, controls }: ItemRequest): number {
  const part = partsOf(condition).continuations;
  return part === "all" ? continuations.length : part === "controls" ? Math.min(controls, continuations.length) : 0;
}

/** Conditions that are read with continuations of their own, and how many. */
export function reverseConditions(all: ItemRequest): { condition: ConditionText; count: number }[] {
  if (!all.extras?.has("reverse") || all.positions === "matched") return [];
  return all.conditions
    .filter(({ name }) => name !== "original")
    .map((condition) => ({ condition, count: continuationsOf(condition, all) }))
    .filter(({ count }) => count > 0);
}
