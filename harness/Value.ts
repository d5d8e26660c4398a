/**
 * A measured value: known, known to lie on one side of a bound, or undefined for a stated reason. Never a bare
 * NaN, null or 0.
 */
export type Value =
  | { readonly kind: "defined"; readonly value: number }
  | { readonly kind: "bounded"; readonly value: number; readonly bound: "lower" | "upper" }
  | { readonly kind: "undefined"; readonly reason: string };

export function defined(value: number): Value {
  if (!Number.isFinite(value)) return { kind: "undefined", reason: `not a finite number (${value})` };
  return { kind: "defined", value };
}

export function undefinedBecause(reason: string): Value {
  return { kind: "undefined", reason };
}

/** The number, or null where there is none that a mean may be taken of. */
export function numberOf(value: Value | undefined): number | null {
  return value?.kind === "defined" ? value.value : null;
}
