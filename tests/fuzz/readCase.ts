/** Reads a case's files as the engine would. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExpectedError } from "../../errors.ts";
import type { Tokenizer } from "../../providers/contract.ts";
import { readGguf } from "../../providers/embedded/formats/gguf.ts";
import { ggufCheckpoint } from "../../providers/embedded/ggufCheckpoint.ts";
import { hubCheckpoint } from "../../providers/embedded/hubCheckpoint.ts";
import { readHubFolder } from "../../providers/embedded/sources/hubFolder.ts";
import { ggufTokenizer } from "../../providers/embedded/tokenizer/ggufTokenizer.ts";
import { hubTokenizer } from "../../providers/embedded/tokenizer/hubTokenizer.ts";
import { readTextCase } from "./arithmeticCase.ts";
import { Chance } from "./Chance.ts";
import { GGUF_FILE, type Kind } from "./makeCase.ts";

/** Longer than any that a person would read. */
const LONGEST_MESSAGE = 2000;
const TEXTS = ["Hello 人工 123\n\n don't", "<s>[CLS]<|im_end|> 2"];

/** The code of the error that `work` expects, or `valid`. Anything but an ExpectedError goes on up. */
async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "valid";
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const { code, message, hint = "", where = "" } = error;
    const longest = Math.max(message.length, hint.length, where.length);
    if (longest > LONGEST_MESSAGE)
      throw new Error(`the message of ${code} is ${longest} long: ${message.slice(0, 200)}`);
    return code;
  }
}

function use(tokenizer: Tokenizer): void {
  for (const text of TEXTS) {
    for (const special of [false, true]) tokenizer.decode(tokenizer.encode(text, { special }));
  }
  tokenizer.chat?.([{ role: "user", content: "Hi" }]);
}

async function useEngine(path: string, seed: number): Promise<void> {
  // The runtime is loaded where it is used: it takes longer than a thousand headers.
  const { openModel } = await import("../../providers/embedded/openModel.ts");
  const weights = seed % 2 === 0 ? "packed" : "float32";
  const provider = await openModel(path, { weights, purpose: "batch", threads: 1 });
  try {
    const ids = [...provider.tokenizer.begin, ...provider.tokenizer.encode("Hi a 2")].slice(0, 3);
    if (ids.length === 0) return;
    const rows = [[{ ids, parent: null }]];
    const refs = [{ row: 0, segment: 0 }];
    await provider.read({ rows, states: refs, pools: refs, scores: [], comparisons: [] });
  } finally {
    await provider.close();
  }
}

/**
 * @param folder what makeCase wrote
 * @returns the codes of what was refused, or `valid`, for each part that was read
 * @throws what is no ExpectedError, and an error whose message nobody would read
 */
export async function readCase(kind: Kind, seed: number, folder: string): Promise<string[]> {
  const path = existsSync(join(folder, GGUF_FILE)) ? join(folder, GGUF_FILE) : folder;
  if (kind === "arithmetic") return readTextCase(folder, new Chance(seed));
  if (kind === "engine") return [await codeOf(() => useEngine(path, seed))];
  if (kind === "tokenizer") return [await codeOf(() => use(hubTokenizer(folder).tokenizer))];
  if (kind === "gguf") {
    const first = await codeOf(() => readGguf(path));
    if (first !== "valid") return [first];
    const gguf = readGguf(path);
    return [await codeOf(() => ggufCheckpoint(gguf)), await codeOf(() => use(ggufTokenizer(gguf).tokenizer))];
  }
  return [await codeOf(() => hubCheckpoint(readHubFolder(folder)))];
}
