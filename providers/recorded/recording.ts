/**
 * A recording: a folder with what a provider is (`provider.json`), what its tokenizer said (`tokenizer.json`), and one
 * file an answer, named by the sha256 of its question. Numbers of states are kept as base64 of little-endian float32.
 * Only questions and answers are kept: no key, no header, no address beyond the model's reference.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Capabilities, EncodeOptions, ModelIdentity } from "../contract.ts";

export const FORMAT = 1;

export interface RecordedHead {
  readonly format: typeof FORMAT;
  readonly identity: ModelIdentity;
  readonly capabilities: Capabilities;
}

/** What a tokenizer said, by what it was asked. */
export interface RecordedTokenizer {
  readonly begin: readonly number[];
  readonly finish: readonly number[];
  readonly end: readonly number[];
  readonly encoded: Record<string, readonly number[]>;
  readonly decoded: Record<string, string>;
  /** Null where the model has no chat template. */
  readonly chats: Record<string, string> | null;
}

/** What is refused whenever it is asked, and so is kept like an answer. */
export const REFUSALS: readonly string[] = ["capability-missing", "input-too-long", "sample-setting"];

export interface RecordedRefusal {
  readonly refused: { readonly code: string; readonly message: string; readonly hint?: string };
}

export const encodeKey = (text: string, { special = false, continues = false }: EncodeOptions = {}) =>
  JSON.stringify([text, special, continues]);

export const headPath = (folder: string) => join(folder, "provider.json");
export const tokenizerPath = (folder: string) => join(folder, "tokenizer.json");

/** Where the answer to a question is. */
export function answerPath(folder: string, method: string, request: unknown): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([method, request]))
    .digest("hex");
  return join(folder, "answers", `${hash}.json`);
}

export function writeValue(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part instanceof Float32Array
      ? { float32: Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("base64") }
      : part,
  );
}

export function readValue(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) => {
    const packed = typeof part === "object" && part !== null && "float32" in part ? part.float32 : null;
    return typeof packed === "string" ? new Float32Array(Uint8Array.from(Buffer.from(packed, "base64")).buffer) : part;
  });
}
