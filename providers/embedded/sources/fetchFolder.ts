import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EXIT, ExpectedError } from "../../../errors.ts";
import { withEntryLock } from "../entryLock.ts";
import { cacheFolder } from "./cacheFolder.ts";
import { cacheError } from "./fetchErrors.ts";
import type { FetchOptions } from "./fetchModel.ts";
import { fileDigest } from "./fileDigest.ts";
import { offline } from "./hubAccess.ts";
import { jarFolder } from "./jarFolder.ts";
import { folderBytes, type KnownFolder } from "./knownFolders.ts";
import { SourceFailed } from "./modelSource.ts";
import { wheelFolder } from "./pipDownload.ts";

/** Where the verified folder of a known encoder lies, once it is there. */
export function cachedFolderPath({ digest }: KnownFolder): string {
  return join(cacheFolder(), "models", digest);
}

/**
 * The path of a known encoder's folder, size and sha256 of each file verified: from the cache, else out of the
 * package that holds it. Processes that want the same folder wait for the first one.
 * @throws ExpectedError `model-unavailable`, `disk-full`, `cache-unusable`.
 */
export async function fetchFolder(known: KnownFolder, options: FetchOptions = {}): Promise<string> {
  const { progress = () => {}, signal = new AbortController().signal, connectMs = 10_000 } = options;
  const path = cachedFolderPath(known);
  const total = folderBytes(known);
  try {
    if ((await wrongFile(path, known, signal)) === null) return path;
    await mkdir(dirname(path), { recursive: true });
    const onWait = () => progress({ label: `${known.name}: another process is fetching it`, done: 0, total });
    await withEntryLock(path, { signal, onWait }, async (held) => {
      const wrong = await wrongFile(path, known, held);
      if (wrong === null) return;
      await rm(path, { recursive: true, force: true });
      await fetchLocked(known, path, { progress, signal: held, connectMs });
    });
    return path;
  } catch (error) {
    signal.throwIfAborted();
    throw cacheError(error, `${known.name}: it takes ${total} bytes, and twice that while it comes`, dirname(path));
  }
}

async function fetchLocked(
  known: KnownFolder,
  path: string,
  { progress, signal, connectMs }: Required<FetchOptions>,
): Promise<void> {
  const forbidding = offline();
  if (forbidding) throw unavailable(known, path, `${forbidding} is set, so nobody was asked`, `unset ${forbidding}`);
  const { source } = known;
  const work = `${path}.part`;
  const label = `${known.name} (${sourceName(known)})`;
  const total = source.kind === "pip" ? folderBytes(known) : source.bytes;
  const onBytes = (done: number) => progress({ label, done, total });
  // What a killed process left behind; nobody else works here while the lock is held.
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  try {
    const found =
      source.kind === "pip"
        ? await wheelFolder({ ...source, bytes: total, signal, onBytes }, work, (file) =>
            Object.hasOwn(known.files, file),
          )
        : await jarFolder(source, { work, signal, onBytes, connectMs });
    const wrong = await wrongFile(found, known, signal);
    if (wrong !== null) throw new SourceFailed(`not the model (${wrong}); removed`);
    await rename(found, path);
  } catch (error) {
    if (!(error instanceof SourceFailed)) throw error;
    const way =
      source.kind === "pip" ? "install Python 3 with pip, and let it reach a package index" : "try again later";
    throw unavailable(known, path, `${sourceName(known)}: ${error.message}`, way);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Why the folder is not the model: the first file that differs; null where none does. */
async function wrongFile(folder: string, { files }: KnownFolder, signal: AbortSignal): Promise<string | null> {
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    const path = join(folder, name);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw error;
    });
    if (!found?.isFile()) return `${name} is missing`;
    if (found.size !== bytes) return `${name} has ${found.size} bytes, expected ${bytes}`;
    const digest = await fileDigest(path, signal);
    if (digest !== sha256) return `sha256 of ${name} is ${digest}, expected ${sha256}`;
  }
  return null;
}

function sourceName({ source }: KnownFolder): string {
  return source.kind === "pip"
    ? `pip, ${source.package} ${source.version}`
    : `Maven Central, ${source.artifact} ${source.version}`;
}

function unavailable(known: KnownFolder, path: string, reason: string, way: string): ExpectedError {
  return new ExpectedError({
    code: "model-unavailable",
    message: `${known.name} is not in the cache and could not be fetched:\n  ${reason}`,
    where: path,
    hint: `${way}; or copy the folder there from a machine that has it; or give another encoder's folder`,
    exit: EXIT.incomplete,
  });
}
