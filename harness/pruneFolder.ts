import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

export interface FolderFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written or used, milliseconds. */
  readonly used: number;
}

/** All files below a folder; none where it is not there. */
export function filesBelow(folder: string): FolderFile[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const path = join(folder, name);
    // Another process may have removed it since.
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? [{ path, bytes: found.size, used: found.mtimeMs }] : [];
  });
}

/** Brings a folder down to so many bytes; what was not used for longest goes first. */
export function pruneFolder(folder: string, most: number): void {
  const files = filesBelow(folder).sort((a, b) => a.used - b.used);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of files) {
    if (total <= most) break;
    rmSync(path, { force: true });
    total -= bytes;
  }
}

/** What is used stays longest. */
export function markUsed(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch (error) {
    // Another process may have removed it since it was read.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
