/** Reads the tokenizer's fields of GGUF metadata. */
import { ExpectedError } from "../../../errors.ts";
import type { Gguf } from "../formats/gguf.ts";
import { showName } from "../showValue.ts";

/** @throws ExpectedError `gguf-field`. */
export function damaged(path: string, key: string, value: unknown, rule: string): never {
  throw new ExpectedError({
    code: "gguf-field",
    message: `metadata ${key} is ${showName(value)}, ${rule}`,
    where: path,
    hint: "fetch or convert the model again",
  });
}

/** @throws ExpectedError `tokenizer-unsupported`. */
export function unsupportedField(key: string, value: unknown, supported: readonly string[], path: string): never {
  throw new ExpectedError({
    code: "tokenizer-unsupported",
    message: `${key} ${showName(value)} is not supported`,
    where: path,
    hint: `supported: ${supported.join(", ")}`,
  });
}

interface ElementTypes {
  readonly string: string;
  readonly number: number;
}

/** The array `tokenizer.ggml.NAME` of the file. */
export function list<T extends keyof ElementTypes>(gguf: Gguf, name: string, type: T): readonly ElementTypes[T][] {
  const key = `tokenizer.ggml.${name}`;
  const value = gguf.metadata.get(key);
  if (!Array.isArray(value)) return damaged(gguf.path, key, value ?? "missing", `not an array of ${type}s`);
  const at = value.findIndex((element) => typeof element !== type);
  if (at >= 0) damaged(gguf.path, `${key}[${at}]`, value[at], `not a ${type}`);
  return value as readonly ElementTypes[T][];
}

/** The truth value `tokenizer.ggml.NAME`; undefined where there is none. */
export function flag(gguf: Gguf, name: string): boolean | undefined {
  const key = `tokenizer.ggml.${name}`;
  const value = gguf.metadata.get(key);
  if (value === undefined || typeof value === "boolean") return value;
  return damaged(gguf.path, key, value, "neither true nor false");
}

/** The token id `tokenizer.ggml.NAME`; undefined where there is none. */
export function tokenId(gguf: Gguf, name: string, tokens: number): number | undefined {
  const key = `tokenizer.ggml.${name}`;
  const id = gguf.metadata.get(key);
  if (id === undefined) return undefined;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < tokens) return id;
  return damaged(gguf.path, key, id, `not the id of one of the ${tokens} tokens`);
}
