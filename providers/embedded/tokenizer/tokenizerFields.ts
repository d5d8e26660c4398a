/** Reads fields of a tokenizer's definition, which comes from a file that is not to be trusted. */
import type { z } from "zod";
import { ExpectedError } from "../../../errors.ts";

/** Where a value stands: the file, and the path inside it. */
export interface Place {
  readonly file: string;
  readonly key: string;
}

export function inside(place: Place, key: string | number): Place {
  const step = typeof key === "number" ? `[${key}]` : place.key === "" ? key : `.${key}`;
  return { file: place.file, key: place.key + step };
}

/** A value as a message shows it: never long. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** @throws ExpectedError `tokenizer-malformed`. */
export function malformed(place: Place, value: unknown, rule: string, cause?: unknown): never {
  throw new ExpectedError({
    code: "tokenizer-malformed",
    message: `${place.key === "" ? "the file" : place.key} is ${shown(value)}, ${rule}`,
    where: place.file,
    hint: "fetch or convert the model again",
    cause,
  });
}

/** @throws ExpectedError `tokenizer-unsupported`. */
export function unsupported(place: Place, value: unknown, supported: readonly string[]): never {
  throw new ExpectedError({
    code: "tokenizer-unsupported",
    message: `${place.key} ${typeof value === "string" ? value.slice(0, 200) : shown(value)} is not supported`,
    where: place.file,
    hint: `supported: ${supported.join(", ")}`,
  });
}

/** `value` as `schema` wants it; the first thing wrong is named. */
export function read<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  let at = place;
  let wrong = value;
  for (const step of issue?.path ?? []) {
    at = inside(at, typeof step === "number" ? step : String(step));
    wrong = typeof wrong === "object" && wrong !== null ? (wrong as Record<PropertyKey, unknown>)[step] : undefined;
  }
  return malformed(at, wrong, `not allowed there (${issue?.message ?? "wrong"})`);
}

/** The entry of `builders` that `value.type` names. @throws ExpectedError `tokenizer-malformed`, `tokenizer-unsupported`. */
export function builderOf<T>(builders: Readonly<Record<string, T>>, value: unknown, place: Place): T {
  if (typeof value !== "object" || value === null || !("type" in value))
    malformed(place, value, "not an object with a type");
  const { type } = value;
  const builder = typeof type === "string" && Object.hasOwn(builders, type) ? builders[type] : undefined;
  return builder ?? unsupported(inside(place, "type"), type, Object.keys(builders));
}

/** Parts inside parts; real files nest twice. */
export const MAX_NESTING = 8;
