import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT, ExpectedError } from "./errors.ts";

/**
 * Under a temporary name, then renamed: a reader never sees half a file. Its folder is made where there is none.
 * @throws ExpectedError `disk-full`, `folder-unwritable`.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(path, error);
  }
}

/** What to say of a write that failed. */
export function unwritable(path: string, error: unknown): ExpectedError {
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
  return new ExpectedError({
    code: full ? "disk-full" : "folder-unwritable",
    message: full
      ? `the disk is full; could not write to ${path}`
      : `could not write to ${path}: ${(error as Error).message}`,
    hint: full
      ? "free some space, or choose another disk: --out for the run, ISOGLYPH_CACHE for what is kept"
      : "choose a folder that can be written: --out for what is made, ISOGLYPH_CACHE for what is kept",
    exit: full ? EXIT.incomplete : EXIT.usage,
    cause: error,
  });
}
